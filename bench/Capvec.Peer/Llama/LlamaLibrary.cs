using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Capvec.Formats.Errors;

namespace Capvec.Peer.Llama;

/// <summary>The functions of libllama v0.5.0 (llama.h of ggml-org/llama.cpp at that version) that the comparison needs.</summary>
internal static unsafe partial class LlamaLibrary
{
    private const string Llama = "libllama.v0.5.0.so";
    private const string Ggml = "libggml.v0.5.0.so";

    private static string s_folder = "";

    /// <summary>Loads the library and the CPU backend that suits this machine best.</summary>
    /// <param name="folder">Holds the library and its backends.</param>
    /// <exception cref="CapvecException">The library is not there.</exception>
    public static void Load(string folder)
    {
        if (!File.Exists(Path.Combine(folder, Llama)))
            throw new CapvecException($"{folder}: no {Llama} here; run bench/peer, which installs it, or name its folder with --library.");
        s_folder = Path.GetFullPath(folder);
        NativeLibrary.SetDllImportResolver(typeof(LlamaLibrary).Assembly, Resolve);
        SetLog(&Log, null);
        LoadBackends(s_folder);
        InitializeBackend();
    }

    /// <summary>Default parameters of a model; their fields are left alone.</summary>
    [DllImport(Llama, EntryPoint = "llama_model_default_params")]
    public static extern ModelParameters DefaultModelParameters();

    /// <summary>Default parameters of a context.</summary>
    [DllImport(Llama, EntryPoint = "llama_context_default_params")]
    public static extern ContextParameters DefaultContextParameters();

    /// <summary>Loads a GGUF file; null where that fails.</summary>
    [DllImport(Llama, EntryPoint = "llama_model_load_from_file")]
    public static extern nint LoadModel([MarshalAs(UnmanagedType.LPUTF8Str)] string path, ModelParameters parameters);

    /// <summary>Frees a model.</summary>
    [DllImport(Llama, EntryPoint = "llama_model_free")]
    public static extern void FreeModel(nint model);

    /// <summary>The model's vocabulary.</summary>
    [DllImport(Llama, EntryPoint = "llama_model_get_vocab")]
    public static extern nint Vocabulary(nint model);

    /// <summary>Tokens of a vocabulary.</summary>
    [DllImport(Llama, EntryPoint = "llama_vocab_n_tokens")]
    public static extern int Tokens(nint vocabulary);

    /// <summary>Width of the residual stream.</summary>
    [DllImport(Llama, EntryPoint = "llama_model_n_embd")]
    public static extern int Hidden(nint model);

    /// <summary>Number of blocks.</summary>
    [DllImport(Llama, EntryPoint = "llama_model_n_layer")]
    public static extern int Layers(nint model);

    /// <summary>Makes a context; null where that fails.</summary>
    [DllImport(Llama, EntryPoint = "llama_init_from_model")]
    public static extern nint MakeContext(nint model, ContextParameters parameters);

    /// <summary>Frees a context.</summary>
    [DllImport(Llama, EntryPoint = "llama_free")]
    public static extern void FreeContext(nint context);

    /// <summary>The context length a context was made with.</summary>
    [DllImport(Llama, EntryPoint = "llama_n_ctx")]
    public static extern uint ContextLength(nint context);

    /// <summary>The batch size a context was made with.</summary>
    [DllImport(Llama, EntryPoint = "llama_n_batch")]
    public static extern uint BatchLength(nint context);

    /// <summary>The number of sequences a context was made with.</summary>
    [DllImport(Llama, EntryPoint = "llama_n_seq_max")]
    public static extern uint Sequences(nint context);

    /// <summary>The threads a context was made with.</summary>
    [DllImport(Llama, EntryPoint = "llama_n_threads")]
    public static extern int Threads(nint context);

    /// <summary>The threads for prompts a context was made with.</summary>
    [DllImport(Llama, EntryPoint = "llama_n_threads_batch")]
    public static extern int BatchThreads(nint context);

    /// <summary>The memory of a context: caches and recurrent states.</summary>
    [DllImport(Llama, EntryPoint = "llama_get_memory")]
    public static extern nint Memory(nint context);

    /// <summary>Forgets all sequences.</summary>
    [DllImport(Llama, EntryPoint = "llama_memory_clear")]
    public static extern void ClearMemory(nint memory, byte data);

    /// <summary>Runs a batch; 0 is success.</summary>
    [DllImport(Llama, EntryPoint = "llama_decode")]
    public static extern int Decode(nint context, TokenBatch batch);

    /// <summary>Logits [vocabulary] of the i-th token of the last batch; waits until they are computed.</summary>
    [DllImport(Llama, EntryPoint = "llama_get_logits_ith")]
    public static extern float* Logits(nint context, int index);

    /// <summary>Adds a control vector to the outputs of the blocks first to last (0-based, not 0); <paramref name="data"/> is [layers - 1, hidden] from block 1 on. Null takes it away.</summary>
    [DllImport(Llama, EntryPoint = "llama_set_adapter_cvec")]
    public static extern int SetControlVector(nint context, float* data, nuint length, int hidden, int first, int last);

    /// <summary>Loads a LoRA adapter for a model, which owns it from then on; null where that fails.</summary>
    [DllImport(Llama, EntryPoint = "llama_adapter_lora_init")]
    public static extern nint LoadAdapter(nint model, [MarshalAs(UnmanagedType.LPUTF8Str)] string path);

    /// <summary>Makes a context use exactly these adapters [count], each with a scale; 0 is success.</summary>
    [DllImport(Llama, EntryPoint = "llama_set_adapters_lora")]
    public static extern int SetAdapters(nint context, nint* adapters, nuint count, float* scales);

    [DllImport(Llama, EntryPoint = "llama_log_set")]
    private static extern void SetLog(delegate* unmanaged[Cdecl]<int, byte*, void*, void> callback, void* data);

    [DllImport(Llama, EntryPoint = "llama_backend_init")]
    private static extern void InitializeBackend();

    [DllImport(Ggml, EntryPoint = "ggml_backend_load_all_from_path")]
    private static extern void LoadBackends([MarshalAs(UnmanagedType.LPUTF8Str)] string folder);

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? paths) =>
        name is Llama or Ggml or GgmlLibrary.File ? NativeLibrary.Load(Path.Combine(s_folder, name)) : 0;

    // Only errors are shown; level 4 is ggml's GGML_LOG_LEVEL_ERROR.
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Log(int level, byte* text, void* data)
    {
        if (level == 4)
            Console.Error.Write($"llama.cpp: {Marshal.PtrToStringUTF8((nint)text)}");
    }
}
