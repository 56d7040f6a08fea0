//! The GPU: its context, what it can do, and how a kernel is started.

use std::cell::Cell;
use std::ffi::c_int;
use std::fmt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use cudarc::driver::result::{self, device, primary_ctx};
use cudarc::driver::sys::{self, CUdevice_attribute};

use super::arguments::Argument;
use super::error::Error;
use super::kernels::{Kernel, Table};
use super::memory::{Pool, room};
use super::module;

/// The first GPU, and the kernels on it. There is one for the whole process, and it lasts as long; all threads may use it.
///
/// ```no_run
/// use samebits::cuda::Gpu;
/// use samebits::{Device, Function};
///
/// let gpu = Gpu::get()?;
/// let x = gpu.copy_in(&[0.0f32, 1.0])?;
/// let mut y = gpu.zeros(2)?;
/// gpu.function(Function::Exp, gpu.slice(&x), gpu.slice_mut(&mut y))?;
/// assert_eq!(gpu.copy_out(gpu.slice(&y))?, [1.0, std::f32::consts::E]);
/// # Ok::<(), samebits::cuda::Error>(())
/// ```
#[derive(Clone, Copy)]
pub struct Gpu(&'static State);

pub(super) struct State {
    context: sys::CUcontext,
    kernels: Table,
    pub pool: Pool,
    /// How many warps compute at the same time.
    warps: usize,
    /// Zeros, which the blocks of a kernel count with; they leave zeros. 0 until they are needed.
    counters: AtomicU64,
}

// SAFETY: The context and the functions are handles that any thread may hand to the driver, which locks for itself (CUDA
// Driver API, "the driver is thread safe"). All else is `Send` and `Sync` by itself.
unsafe impl Send for State {}
// SAFETY: As above.
unsafe impl Sync for State {}

impl fmt::Debug for Gpu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Gpu")
    }
}

const _: () = assert!(Kernel::ALL.len() <= 128, "`STARTED` has a bit for each kernel");

/// Of NVIDIA's driver: the version of CUDA that has compiled the kernels.
const CUDA: i32 = 13000;

thread_local! {
    /// A bit for each kernel that this thread has started.
    static STARTED: Cell<u128> = const { Cell::new(0) };
}

impl Gpu {
    /// The names of the kernels that this thread has never started; for tests.
    #[doc(hidden)]
    pub fn never_started(self) -> Vec<&'static str> {
        let started = STARTED.get();
        let never = |kernel: &&Kernel| started >> **kernel as u32 & 1 == 0;
        Kernel::ALL.iter().filter(never).map(|kernel| kernel.name()).collect()
    }

    /// The GPU. The first call starts it and loads the kernels; if that fails, each later call has the same error.
    ///
    /// # Errors
    /// If there is no GPU or driver, if one of them is too old for the kernels, or if they cannot be loaded.
    pub fn get() -> Result<Self, Error> {
        static GPU: OnceLock<Result<State, Error>> = OnceLock::new();
        match GPU.get_or_init(State::start) {
            Ok(state) => Ok(Self(state)),
            Err(error) => Err(error.clone()),
        }
    }

    /// Gives memory that is kept for later back to the driver.
    ///
    /// # Errors
    /// If the driver fails.
    pub fn free_memory(self) -> Result<(), Error> {
        self.bind()?;
        self.0.pool.free()
    }

    pub(super) fn state(self) -> &'static State {
        self.0
    }

    /// Makes the context that of this thread: each has its own.
    pub(super) fn bind(self) -> Result<(), Error> {
        // SAFETY: The primary context is retained for ever.
        unsafe { result::ctx::set_current(self.0.context) }
            .map_err(|error| Error::driver("using the GPU's context", error))
    }

    pub(super) fn warps(self) -> usize {
        self.0.warps
    }

    /// Starts a kernel on a grid of blocks of `threads` threads each. Nothing is done on an empty grid.
    ///
    /// # Safety
    /// The kernel, with these arguments and on this grid, reads and writes only memory that is lent for as long as this call
    /// takes: all work of the GPU is done in the order in which it is asked for, so that nobody can read or write it before.
    /// That the arguments are as many, and of such sizes, as the kernel has is looked at here.
    pub(super) unsafe fn launch(
        self,
        kernel: Kernel,
        [x, y]: [usize; 2],
        threads: u32,
        arguments: &[Argument<'_>],
    ) -> Result<(), Error> {
        let function = self.0.kernels.get(kernel);
        let of = || format!("the kernel {}", kernel.name());
        assert!(
            arguments.iter().map(Argument::bytes).eq(function.parameters.iter().copied()),
            "arguments of {}: {:?} bytes each",
            of(),
            function.parameters
        );
        if x == 0 || y == 0 {
            return Ok(());
        }
        STARTED.set(STARTED.get() | 1 << kernel as u32);
        let grid = match (c_int::try_from(x), u16::try_from(y)) {
            (Ok(x), Ok(y)) => (x as u32, u32::from(y), 1),
            _ => return Err(Error::TooLarge { what: format!("{x} times {y} blocks of {}", of()) }),
        };
        const MOST: usize = 16;
        assert!(arguments.len() <= MOST, "too many arguments of {}", of());
        let mut addresses = [std::ptr::null_mut(); MOST];
        for (address, argument) in addresses.iter_mut().zip(arguments) {
            *address = argument.address().cast_mut();
        }
        self.bind()?;
        // SAFETY: The function is one of a module that is never unloaded. The driver copies the arguments, which it does not
        // change, before this call ends; they are as many and of such sizes as the kernel has, see above. As to the memory
        // that they speak of: the caller's promise.
        unsafe {
            let stream = std::ptr::null_mut();
            let (block, addresses) = ((threads, 1, 1), &mut addresses[..arguments.len()]);
            result::launch_kernel(function.function, grid, block, 0, stream, addresses)
        }
        .map_err(|error| Error::driver(of(), error))
    }

    /// The address of zeros to count with, if so many are few enough. Each kernel that uses them leaves zeros.
    pub(super) fn counters(self, count: usize) -> Result<Option<u64>, Error> {
        const MOST: usize = 1 << 14;
        if count > MOST {
            return Ok(None);
        }
        let address = match self.0.counters.load(Ordering::Acquire) {
            0 => {
                let mut zeros = room::<u32>(self, MOST)?;
                zeros.zero()?;
                let address = zeros.address();
                match self.0.counters.compare_exchange(
                    0,
                    address,
                    Ordering::AcqRel,
                    Ordering::Acquire,
                ) {
                    Ok(_) => {
                        // From now on they belong to the GPU.
                        std::mem::forget(zeros);
                        address
                    }
                    Err(address) => address,
                }
            }
            address => address,
        };
        Ok(Some(address))
    }
}

impl State {
    fn start() -> Result<Self, Error> {
        result::init().map_err(Error::no_gpu)?;
        let gpu = device::get(0).map_err(Error::no_gpu)?;
        let attribute = |which| {
            // SAFETY: The driver has just named the device.
            unsafe { device::get_attribute(gpu, which) }.map_err(Error::no_gpu)
        };
        let capability = [
            attribute(CUdevice_attribute::CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR)?,
            attribute(CUdevice_attribute::CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR)?,
        ];
        if capability < module::OLDEST {
            return Err(Error::OldGpu { capability });
        }
        let mut version = 0;
        // SAFETY: The driver writes a number to where the pointer leads.
        unsafe { sys::cuDriverGetVersion(&raw mut version) }.result().map_err(Error::no_gpu)?;
        if version < CUDA {
            return Err(Error::OldDriver { version });
        }
        let processors =
            attribute(CUdevice_attribute::CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT)?.max(1);
        // SAFETY: As for `get_attribute`. It is never released: the context is that of the whole process.
        let context = unsafe { primary_ctx::retain(gpu) }.map_err(Error::no_gpu)?;
        // SAFETY: It has just been retained.
        unsafe { result::ctx::set_current(context) }.map_err(Error::no_gpu)?;
        let kernels = module::load(capability)?;
        Ok(Self {
            context,
            kernels,
            pool: Pool::default(),
            warps: 4 * processors as usize,
            counters: AtomicU64::new(0),
        })
    }
}
