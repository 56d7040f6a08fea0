/* Stand-ins for CUDA's libraries, where there are none.

   They serve twice. The linker takes them: it wants to know which functions a library has, and the driver's
   library exists only where there is a GPU. And the dry run starts the programs with them. There the memory
   of the GPU is that of the computer, and starting a kernel does nothing. But a kernel that is asked for by
   name has to be in the code handed over, and its blocks have to have a size that a GPU takes. So a dry run
   shows that all calls go through, and says nothing about numbers.

   One file, compiled once for each library, with -DCUDA, -DCUBLAS, -DNVRTC, or nothing. The functions are
   those that dfdx calls; if the linker misses one, it belongs here. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef CUDA
typedef unsigned long long Address;

enum { INVALID_VALUE = 1, INVALID_DEVICE = 101, INVALID_PTX = 218, FILE_NOT_FOUND = 301, NOT_FOUND = 500 };

static int started, modules, functions, launches;

/* By this line `check` knows that it is a dry run. */
static void __attribute__((destructor)) count(void) {
  if (started)
    fprintf(stderr, "stand-in driver: %d modules, %d kernels, %d launches\n", modules, functions, launches);
}

int cuInit(unsigned flags) { started = 1; return 0; }
int cuGetErrorString(int error, const char **text) { *text = "stand-in"; return 0; }
int cuGetErrorName(int error, const char **text) { *text = "stand-in"; return 0; }
/* NVRTC asks for it. */
int cuGetExportTable(const void **table, const void *id) { *table = 0; return NOT_FOUND; }
int cuDriverGetVersion(int *version) { *version = 13000; return 0; }
int cuDeviceGetCount(int *count) { *count = 1; return 0; }
int cuDeviceGet(int *device, int number) { *device = number; return number ? INVALID_DEVICE : 0; }
int cuDeviceGetAttribute(int *value, int attribute, int device) { *value = 1; return 0; }
int cuDevicePrimaryCtxRetain(void **context, int device) { *context = (void *)8; return 0; }
int cuDevicePrimaryCtxRelease_v2(int device) { return 0; }
int cuCtxSetCurrent(void *context) { return 0; }
int cuEventCreate(void **event, unsigned flags) { *event = (void *)16; return 0; }
int cuEventDestroy_v2(void *event) { return 0; }
int cuEventRecord(void *event, void *stream) { return 0; }
int cuStreamCreate(void **stream, unsigned flags) { *stream = (void *)24; return 0; }
int cuStreamDestroy_v2(void *stream) { return 0; }
int cuStreamSynchronize(void *stream) { return 0; }
int cuStreamWaitEvent(void *stream, void *event, unsigned flags) { return 0; }

int cuMemAlloc_v2(Address *address, size_t size) { *address = (Address)calloc(1, size ? size : 1); return 0; }
int cuMemAllocAsync(Address *address, size_t size, void *stream) { return cuMemAlloc_v2(address, size); }
int cuMemFree_v2(Address address) { free((void *)address); return 0; }
int cuMemFreeAsync(Address address, void *stream) { return cuMemFree_v2(address); }
int cuMemcpyHtoD_v2(Address to, const void *from, size_t size) { memcpy((void *)to, from, size); return 0; }
int cuMemcpyHtoDAsync_v2(Address to, const void *from, size_t size, void *stream) { return cuMemcpyHtoD_v2(to, from, size); }
int cuMemcpyDtoH_v2(void *to, Address from, size_t size) { memcpy(to, (void *)from, size); return 0; }
int cuMemcpyDtoHAsync_v2(void *to, Address from, size_t size, void *stream) { return cuMemcpyDtoH_v2(to, from, size); }
int cuMemcpyDtoD_v2(Address to, Address from, size_t size) { memcpy((void *)to, (void *)from, size); return 0; }
int cuMemcpyDtoDAsync_v2(Address to, Address from, size_t size, void *stream) { return cuMemcpyDtoD_v2(to, from, size); }
int cuMemsetD8_v2(Address to, unsigned char byte, size_t size) { memset((void *)to, byte, size); return 0; }
int cuMemsetD8Async(Address to, unsigned char byte, size_t size, void *stream) { return cuMemsetD8_v2(to, byte, size); }

int cuModuleLoadData(void **module, const char *code) {
  if (!strstr(code, ".version ") || !strstr(code, ".target ")) return INVALID_PTX;
  modules++;
  *module = strdup(code);
  return 0;
}
int cuModuleLoad(void **module, const char *file) { return FILE_NOT_FOUND; }
int cuModuleUnload(void *module) { free(module); return 0; }
int cuModuleGetFunction(void **function, void *module, const char *name) {
  char entry[300];
  snprintf(entry, sizeof entry, ".entry %s(", name);
  if (!strstr(module, entry)) {
    fprintf(stderr, "stand-in driver: there is no kernel %s\n", name);
    return NOT_FOUND;
  }
  functions++;
  *function = strdup(name);
  return 0;
}
int cuLaunchKernel(void *function, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz,
                   unsigned shared, void *stream, void **arguments, void **extra) {
  if (!gx || !gy || !gz || !bx || !by || !bz || bx * by * bz > 1024) {
    fprintf(stderr, "stand-in driver: %s cannot run on %u x %u x %u blocks of %u x %u x %u threads\n",
            (char *)function, gx, gy, gz, bx, by, bz);
    return INVALID_VALUE;
  }
  launches++;
  return 0;
}
#endif

#ifdef CUBLAS
int cublasCreate_v2(void **handle) { *handle = (void *)8; return 0; }
int cublasDestroy_v2(void *handle) { return 0; }
int cublasSetStream_v2(void *handle, void *stream) { return 0; }
int cublasSgemm_v2() { return 0; }
int cublasDgemm_v2() { return 0; }
int cublasGemmEx() { return 0; }
int cublasSgemmStridedBatched() { return 0; }
int cublasDgemmStridedBatched() { return 0; }
int cublasGemmStridedBatchedEx() { return 0; }
#endif

#ifdef NVRTC
/* For the linker alone: the dry run has the real one. */
enum { INTERNAL_ERROR = 11 };
int nvrtcCreateProgram() { return INTERNAL_ERROR; }
int nvrtcDestroyProgram() { return INTERNAL_ERROR; }
int nvrtcCompileProgram() { return INTERNAL_ERROR; }
int nvrtcGetPTX() { return INTERNAL_ERROR; }
int nvrtcGetPTXSize() { return INTERNAL_ERROR; }
int nvrtcGetProgramLog() { return INTERNAL_ERROR; }
int nvrtcGetProgramLogSize() { return INTERNAL_ERROR; }
#endif
