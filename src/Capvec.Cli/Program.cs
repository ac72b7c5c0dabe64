using Capvec.Cli.Hosting;

return await CommandHost.RunAsync(args);
