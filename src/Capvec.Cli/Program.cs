Console.Error.WriteLine("capvec: no commands yet");
return 2;
