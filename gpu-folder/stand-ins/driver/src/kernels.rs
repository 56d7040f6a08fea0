//! Kernels as functions of the CPU: the C compiler builds them at their first start.

use std::ffi::c_void;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs, thread};

use anyhow::{Context, Result, bail, ensure};
use libloading::Library;

use crate::ptx::Module;
use crate::translate::{self, Translated};

/// Names the folder where built kernels are kept: the chapters share most of them. It is for one machine.
const FOLDER: &str = "STAND_IN_KERNELS";

type Function =
    unsafe extern "C" fn(*const *const c_void, *const [u32; 3], *const [u32; 3], u64, u64) -> i32;

/// So few threads are done before another processor has woken up.
const FEW_THREADS: u64 = 8192;

/// A kernel that can be started.
#[derive(Debug)]
pub struct Kernel {
    function: Function,
    has_blocks_apart: bool,
    /// Keeps the function in memory.
    _library: Library,
}

impl Kernel {
    /// Translates the kernel `name` and has it built.
    pub fn build(module: &Module, name: &str) -> Result<Self> {
        let kernel =
            module.kernels.get(name).with_context(|| format!("there is no kernel {name}"))?;
        let Translated { c, has_blocks_apart } = translate::to_c(module, kernel)
            .with_context(|| format!("the kernel {name} cannot be translated"))?;
        match env::var_os(FOLDER) {
            Some(folder) => Self::load(&built(name, &c, Path::new(&folder))?, has_blocks_apart),
            None => {
                // Once it is loaded, the file is no longer needed.
                let folder = tempfile::tempdir()?;
                Self::load(&built(name, &c, folder.path())?, has_blocks_apart)
            }
        }
    }

    fn load(library: &Path, has_blocks_apart: bool) -> Result<Self> {
        // SAFETY: `translate` wrote the library: loading it runs nothing, and `kernel` has this type.
        unsafe {
            let library = Library::new(library)
                .with_context(|| format!("{} cannot be loaded", library.display()))?;
            let function = *library.get::<Function>(b"kernel\0").context("it has no `kernel`")?;
            Ok(Self { function, has_blocks_apart, _library: library })
        }
    }

    /// Runs all threads of a grid: its blocks on all processors, where they know nothing of each other.
    ///
    /// # Safety
    ///
    /// As for a kernel on a GPU: `parameters` points to as many pointers as the kernel has parameters, each to
    /// a value of its type, and the addresses among them are those of memory that is large enough.
    pub unsafe fn start(
        &self,
        parameters: *const *const c_void,
        grid: [u32; 3],
        block: [u32; 3],
    ) -> Result<()> {
        let count = |sizes: [u32; 3]| sizes.iter().map(|n| u64::from(*n)).product::<u64>();
        let blocks = count(grid);
        let processors = match self.has_blocks_apart && blocks * count(block) > FEW_THREADS {
            true => thread::available_parallelism().map_or(1, NonZero::get) as u64,
            false => 1,
        };
        let share = blocks.div_ceil(processors);
        let parameters = Parameters(parameters);
        let run = |from: u64| {
            let to = blocks.min(from + share);
            // SAFETY: the caller's promise; the function reads three numbers of each size. Other blocks may run at the same
            // time as these: they do so on a GPU, too.
            unsafe {
                (self.function)(parameters.get(), &raw const grid, &raw const block, from, to)
            }
        };
        let worked = thread::scope(|scope| {
            let others = (1..processors).map(|at| at * share).filter(|from| *from < blocks);
            let others: Vec<_> = others.map(|from| scope.spawn(move || run(from))).collect();
            let own = run(0);
            others.into_iter().all(|other| other.join().is_ok_and(|status| status == 0)) && own == 0
        });
        ensure!(worked, "an assertion of the kernel failed");
        Ok(())
    }
}

/// What a kernel is started with.
#[derive(Clone, Copy)]
struct Parameters(*const *const c_void);

impl Parameters {
    fn get(self) -> *const *const c_void {
        self.0
    }
}

// SAFETY: What it points to is only read while the kernel runs, by as many threads as like.
unsafe impl Send for Parameters {}
// SAFETY: As above.
unsafe impl Sync for Parameters {}

/// How C is compiled: each operation as it stands there, none fused and none left out; whole numbers wrap
/// around.
const FLAGS: [&str; 9] = [
    "-O2",
    "-march=native",
    "-ffp-contract=off",
    "-fwrapv",
    "-fno-strict-aliasing",
    "-fno-math-errno",
    "-w",
    "-shared",
    "-fPIC",
];

/// Has C built into `folder`, unless it lies there already, and returns the library's file.
fn built(name: &str, source: &str, folder: &Path) -> Result<PathBuf> {
    let mut hasher = DefaultHasher::new();
    (source, FLAGS).hash(&mut hasher);
    let library = folder.join(format!("{name}-{:016x}.so", hasher.finish()));
    if !library.exists() {
        fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        compile(source, &library, folder).with_context(|| format!("the kernel {name}"))?;
    }
    Ok(library)
}

fn compile(source: &str, library: &Path, folder: &Path) -> Result<()> {
    // Another program may build the same kernel: each does so in a folder of its own.
    let work = tempfile::tempdir_in(folder)?;
    let (c, so) = (work.path().join("kernel.c"), work.path().join("kernel.so"));
    fs::write(&c, source)?;
    let built = Command::new("cc")
        .args(FLAGS)
        .args([Path::new("-o"), &so, &c, Path::new("-lm")])
        .output()
        .context("the C compiler `cc` cannot be started")?;
    if !built.status.success() {
        bail!("{}", String::from_utf8_lossy(&built.stderr).trim());
    }
    fs::rename(&so, library)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs the body of a kernel with the parameters `to`, an address, `from`, an address, and `n`.
    fn run(registers: &str, body: &str, block: u32, from: &[f32], n: u64) -> Result<Vec<f32>> {
        run_on([1; 3], registers, body, block, from, n)
    }

    /// The same on a grid of blocks.
    fn run_on(
        grid: [u32; 3],
        registers: &str,
        body: &str,
        block: u32,
        from: &[f32],
        n: u64,
    ) -> Result<Vec<f32>> {
        let text = format!(
            ".version 9.0\n.target sm_90\n.visible .entry k(.param .u64 to, .param .u64 from, .param .u64 n)\n{{\n\
             .reg .pred %p<9>; .reg .f32 %f<9>; .reg .b32 %r<9>; .reg .b64 %rd<9>;\n{registers}\n\
             ld.param.u64 %rd1, [to]; ld.param.u64 %rd2, [from]; ld.param.u64 %rd3, [n];\n\
             mov.u32 %r1, %tid.x; mul.wide.u32 %rd4, %r1, 4;\n\
             add.s64 %rd5, %rd1, %rd4; add.s64 %rd6, %rd2, %rd4;\n{body}\nret;\n}}\n"
        );
        let kernel = Kernel::build(&Module::read(&text)?, "k")?;
        let mut to = vec![0f32; from.len()];
        let (to_address, from_address) = (to.as_mut_ptr(), from.as_ptr());
        let parameters: [*const c_void; 3] = [
            (&raw const to_address).cast(),
            (&raw const from_address).cast(),
            (&raw const n).cast(),
        ];
        // SAFETY: three parameters of eight bytes; the bodies below stay inside of `to` and `from`.
        unsafe { kernel.start(parameters.as_ptr(), grid, [block, 1, 1])? };
        Ok(to)
    }

    #[test]
    fn each_thread_has_a_number() {
        // Threads from `n` on do nothing.
        let body = "cvt.u64.u32 %rd7, %r1; setp.ge.u64 %p1, %rd7, %rd3; @%p1 bra $END;
            ld.global.f32 %f1, [%rd6]; fma.rn.f32 %f2, %f1, 0f40000000, 0f3F800000;
            st.global.f32 [%rd5], %f2;
            $END:";
        assert_eq!(run("", body, 4, &[1., 2., 3., 4.], 3).unwrap(), [3., 5., 7., 0.]);
    }

    #[test]
    fn threads_wait_for_their_block() {
        // Each takes what its neighbour to the right has put into shared memory, the last one what the first has.
        let body = "ld.global.f32 %f1, [%rd6]; mov.u32 %r2, buf; shl.b32 %r3, %r1, 2; add.s32 %r4, %r2, %r3;
            st.shared.f32 [%r4], %f1; bar.sync 0;
            add.s32 %r5, %r1, 1; mov.u32 %r6, %ntid.x; rem.u32 %r5, %r5, %r6; shl.b32 %r5, %r5, 2;
            add.s32 %r5, %r2, %r5; ld.shared.f32 %f2, [%r5]; st.global.f32 [%rd5], %f2;";
        let shared = ".shared .align 4 .b8 other[4]; .shared .align 4 .b8 buf[16];";
        assert_eq!(run(shared, body, 4, &[1., 2., 3., 4.], 0).unwrap(), [2., 3., 4., 1.]);
    }

    #[test]
    fn atomic_sums() {
        let body = "ld.global.f32 %f1, [%rd6]; atom.global.add.f32 %f2, [%rd1], %f1;";
        assert_eq!(run("", body, 3, &[1., 2., 4.], 0).unwrap(), [7., 0., 0.]);
    }

    /// More threads than are done on one processor: each adds 1 to what is at its own place.
    #[test]
    fn each_block_runs_once() {
        let body = "mov.u32 %r2, %nctaid.x; mov.u32 %r3, %ctaid.y; mul.lo.u32 %r3, %r3, %r2;
            mov.u32 %r2, %ctaid.x; add.u32 %r3, %r3, %r2; mov.u32 %r2, %ntid.x; mul.lo.u32 %r3, %r3, %r2;
            add.u32 %r3, %r3, %r1; mul.wide.u32 %rd4, %r3, 4; add.s64 %rd5, %rd1, %rd4; add.s64 %rd6, %rd2, %rd4;
            ld.global.f32 %f1, [%rd5]; ld.global.f32 %f2, [%rd6];
            add.f32 %f1, %f1, %f2; st.global.f32 [%rd5], %f1;";
        let from: Vec<f32> = (0..3 * 7 * 512).map(|n| n as f32).collect();
        assert_eq!(run_on([3, 7, 1], "", body, 512, &from, 0).unwrap(), from);
    }

    /// Here an atomic operation is a plain one: blocks with one come one after the other.
    #[test]
    fn atomic_sums_of_many_blocks() {
        let body = "mov.f32 %f1, 0f3F800000; atom.global.add.f32 %f2, [%rd1], %f1;";
        assert_eq!(run_on([64, 1, 1], "", body, 1024, &[0.], 0).unwrap(), [65536.]);
    }

    #[test]
    fn comparisons_with_nan() {
        let compared = |comparison: &str| {
            let body = format!(
                "ld.global.f32 %f1, [%rd6]; setp.{comparison}.f32 %p1, %f1, 0f3F800000;
                 selp.f32 %f2, 0f3F800000, 0f00000000, %p1; st.global.f32 [%rd5], %f2;"
            );
            run("", &body, 4, &[0., 1., 2., f32::NAN], 0).unwrap()
        };
        assert_eq!(compared("lt"), [1., 0., 0., 0.]);
        assert_eq!(compared("ltu"), [1., 0., 0., 1.]);
        assert_eq!(compared("ne"), [1., 0., 1., 0.]);
        assert_eq!(compared("neu"), [1., 0., 1., 1.]);
        assert_eq!(compared("equ"), [0., 1., 0., 1.]);
        assert_eq!(compared("nan"), [0., 0., 0., 1.]);
    }

    #[test]
    fn numbers_are_rounded_as_told() {
        let rounded = |conversion: &str| {
            let body =
                format!("ld.global.f32 %f1, [%rd6]; {conversion} st.global.f32 [%rd5], %f2;");
            run("", &body, 4, &[2.5, -1.5, 3e9, f32::NAN], 0).unwrap()
        };
        let to_u32 = "cvt.rzi.u32.f32 %r2, %f1; cvt.rn.f32.u32 %f2, %r2;";
        assert_eq!(rounded(to_u32), [2., 0., 3e9, 0.]);
        let to_s32 = "cvt.rzi.s32.f32 %r2, %f1; cvt.rn.f32.s32 %f2, %r2;";
        assert_eq!(rounded(to_s32), [2., -1., 2147483648., 0.]);
        let to_s64 = "cvt.rzi.s64.f32 %rd7, %f1; cvt.rn.f32.s64 %f2, %rd7;";
        assert_eq!(rounded(to_s64), [2., -1., 3e9, i64::MIN as f32]);
        assert_eq!(rounded("cvt.rni.f32.f32 %f2, %f1;")[..3], [2., -2., 3e9]);
        assert_eq!(rounded("cvt.rmi.f32.f32 %f2, %f1;")[..3], [2., -2., 3e9]);
        assert_eq!(rounded("cvt.sat.f32.f32 %f2, %f1;"), [1., 0., 1., 0.]);
        // 2.5 + 2^-24 lies between 2.5 and its neighbour.
        let downwards = "fma.rm.f32 %f2, 0fBF800000, %f1, 0fB3800000;";
        assert_eq!(rounded(downwards)[..2], [-2.5f32.next_up(), 1.5f32.next_down()]);
    }

    #[test]
    fn shifts_and_quotients_where_c_has_none() {
        let body = "mov.u32 %r2, 40; shl.b32 %r3, %r1, %r2; shr.u32 %r4, %r1, %r2; shr.s32 %r5, -8, %r2;
            div.u32 %r6, 7, %r3; add.s32 %r3, %r3, %r4; add.s32 %r3, %r3, %r5; add.s32 %r3, %r3, %r6;
            cvt.rn.f32.s32 %f1, %r3; st.global.f32 [%rd5], %f1;";
        assert_eq!(run("", body, 1, &[9.], 0).unwrap(), [-2.]);
    }

    #[test]
    fn memory_of_a_block_holds_nothing_to_rely_on() {
        let body = "mov.u32 %r2, buf; ld.shared.f32 %f1, [%r2]; st.global.f32 [%rd5], %f1;";
        let printed = run(".shared .align 4 .b8 buf[4];", body, 1, &[1.], 0).unwrap();
        assert!(printed[0].is_nan(), "{printed:?}");
    }

    #[test]
    fn copies_to_the_memory_of_a_block() {
        // The first copy takes all of four numbers, the second one half of them, and zeros for the rest.
        let body = "mov.u32 %r2, buf; mov.u32 %r3, 8;
            cp.async.cg.shared.global [%r2], [%rd2], 16, 16;
            cp.async.cg.shared.global [%r2+16], [%rd2], 16, %r3;
            cp.async.commit_group; cp.async.wait_group 0; bar.sync 0; membar.gl;
            ld.shared.v2.f32 {%f1, %f2}, [%r2+8]; ld.shared.v4.f32 {%f3, %f4, %f5, %f6}, [%r2+16];
            add.f32 %f1, %f1, %f2; st.global.f32 [%rd1], %f1; st.v2.f32 [%rd1+4], {%f4, %f5};";
        let shared = ".shared .align 16 .b8 buf[32];";
        assert_eq!(run(shared, body, 1, &[1., 2., 3., 4.], 0).unwrap(), [7., 2., 0., 0.]);
    }

    #[test]
    fn addresses_of_any_memory_and_of_a_parameter() {
        let body = "mov.b64 %rd7, from; ld.param.u64 %rd8, [%rd7]; ld.global.cg.f32 %f1, [%rd8+4]; ld.f32 %f2, [%rd8];
            add.f32 %f1, %f1, %f2; st.f32 [%rd5], %f1;";
        assert_eq!(run("", body, 1, &[1., 2.], 0).unwrap(), [3., 0.]);
    }

    #[test]
    fn bits_in_place_of_others() {
        let body = "mov.u32 %r2, 5; mov.u32 %r3, 255; bfi.b32 %r4, %r2, %r3, 4, 4; cvt.rn.f32.u32 %f1, %r4;
            st.global.f32 [%rd5], %f1;";
        assert_eq!(run("", body, 1, &[0.], 0).unwrap(), [95.]);
    }

    #[test]
    fn an_assertion_that_fails() {
        let error = run("", "call.uni __assertfail, (param0);", 1, &[0.], 0).unwrap_err();
        assert_eq!(error.to_string(), "an assertion of the kernel failed");
    }

    #[test]
    fn an_unknown_instruction_is_named() {
        let error = run("", "shfl.sync.bfly.b32 %r1, %r2, 1, 31, -1;", 1, &[0.], 0).unwrap_err();
        let said = format!("{error:#}");
        assert!(said.contains("kernel k cannot") && said.contains("`shfl.sync.bfly.b32"), "{said}");
    }
}
