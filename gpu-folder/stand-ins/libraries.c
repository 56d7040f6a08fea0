/* Stand-ins for CUDA's libraries, for the linker: it wants to know which functions a library has, and the driver's
   library exists only where there is a GPU. They are never called. (The dry run has others: driver/, and
   CUDA's own NVRTC.)

   One file, compiled once for each library, with -DCUDA, -DCUBLAS, -DNVRTC, or, without functions, for cuBLASLt. The functions are
   those that dfdx calls; if the linker misses one, it belongs here. */
#define IS_THERE(name) int name(void) { return 999; }

#ifdef CUDA
IS_THERE(cuInit)
IS_THERE(cuGetErrorString)
IS_THERE(cuGetErrorName)
IS_THERE(cuDriverGetVersion)
IS_THERE(cuDeviceGetCount)
IS_THERE(cuDeviceGet)
IS_THERE(cuDeviceGetAttribute)
IS_THERE(cuDevicePrimaryCtxRetain)
IS_THERE(cuDevicePrimaryCtxRelease_v2)
IS_THERE(cuCtxSetCurrent)
IS_THERE(cuEventCreate)
IS_THERE(cuEventDestroy_v2)
IS_THERE(cuEventRecord)
IS_THERE(cuEventSynchronize)
IS_THERE(cuStreamCreate)
IS_THERE(cuStreamDestroy_v2)
IS_THERE(cuStreamSynchronize)
IS_THERE(cuStreamWaitEvent)
IS_THERE(cuMemAlloc_v2)
IS_THERE(cuMemAllocAsync)
IS_THERE(cuMemAllocHost_v2)
IS_THERE(cuMemFree_v2)
IS_THERE(cuMemFreeAsync)
IS_THERE(cuMemcpyHtoD_v2)
IS_THERE(cuMemcpyHtoDAsync_v2)
IS_THERE(cuMemcpyDtoH_v2)
IS_THERE(cuMemcpyDtoHAsync_v2)
IS_THERE(cuMemcpyDtoD_v2)
IS_THERE(cuMemcpyDtoDAsync_v2)
IS_THERE(cuMemsetD8_v2)
IS_THERE(cuMemsetD8Async)
IS_THERE(cuModuleLoad)
IS_THERE(cuModuleLoadData)
IS_THERE(cuModuleUnload)
IS_THERE(cuModuleGetFunction)
IS_THERE(cuLaunchKernel)
#endif

#ifdef CUBLAS
IS_THERE(cublasCreate_v2)
IS_THERE(cublasDestroy_v2)
IS_THERE(cublasSetStream_v2)
IS_THERE(cublasSgemm_v2)
IS_THERE(cublasDgemm_v2)
IS_THERE(cublasGemmEx)
IS_THERE(cublasSgemmStridedBatched)
IS_THERE(cublasDgemmStridedBatched)
IS_THERE(cublasGemmStridedBatchedEx)
#endif

#ifdef NVRTC
IS_THERE(nvrtcCreateProgram)
IS_THERE(nvrtcDestroyProgram)
IS_THERE(nvrtcCompileProgram)
IS_THERE(nvrtcGetPTX)
IS_THERE(nvrtcGetPTXSize)
IS_THERE(nvrtcGetProgramLog)
IS_THERE(nvrtcGetProgramLogSize)
#endif
