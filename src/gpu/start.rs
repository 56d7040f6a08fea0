//! What happens before `main`.
//!
//! A program of the course begins with `AutoDevice::default()`, which is dfdx's and panics where there is
//! no GPU. So that its message can be followed by what helps, [`explain_panics`](super::explain_panics)
//! has to come before: the first lines of a program are its own.

/// Called by the C library before `main`.
extern "C" fn at_start() {
    super::explain_panics();
}

// SAFETY: In an ELF program the section `.init_array` is a list of pointers to functions; the C library
// calls each once before `main`, on the main thread, with (argc, argv, envp). The static is one such
// pointer. A function of the C calling convention may leave arguments alone, and `extern "C"` ends the
// program if it would unwind. The function needs the allocator (malloc, which works before `main`), a
// `Once` and the lock of the panic hook (statics that need no set-up), and nothing that std sets up in
// `main`. tests/gpu.rs starts a program with it.
#[used]
#[unsafe(link_section = ".init_array")]
static AT_START: extern "C" fn() = at_start;
