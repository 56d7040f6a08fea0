# For the scripts in this folder, which read it: where things lie, and how to build for CUDA without CUDA. The
# current folder has to be that of the repository.
here=$PWD/gpu-folder
work=$PWD/target/gpu-folder
toolkit=$PWD/target/cuda-toolkit
dist=$work/dist
libraries=$work/libraries

# Its own folder: what was built against another CUDA would not be built anew.
export CARGO_TARGET_DIR=$work/build CARGO_PROFILE_RELEASE_STRIP=symbols
built=$CARGO_TARGET_DIR/release

step() { printf '\n-- %s (%s s)\n' "$1" "$SECONDS"; }

# The GPU's "compute capability" without the point; `make --arch` changes it.
arch=90

# Cargo, for a crate that is built for CUDA. The name of the toolkit's folder ends up in the program, which looks
# there for headers.
cuda_cargo() {
    PATH=$here/stand-ins:$PATH CUDA_PATH=$work/toolkit CUDA_COMPUTE_CAP=$arch cargo "$@"
}

# Some kernels are compiled at their first use, with headers from where the program was built. A program that is
# carried elsewhere finds none there: so that it is tried in this way, they are hidden.
hide_headers() {
    rm -f "$work"/toolkit{,.turn.*} "$built"/build/dfdx-*/out/*.cuh
}

show_headers() {
    local out
    ln -sfn "$toolkit/nvidia/cu13" "$work/toolkit"
    for out in "$built"/build/dfdx-*/out; do
        cp "$dist"/headers/*.cuh "$out/"
    done
}

# Builds the stand-in for the driver and for cuBLAS into the folder `libraries`, beside CUDA's own NVRTC. The
# command `on_the_stand_in` starts a program there.
stand_in_libraries() {
    [ -d "$dist/headers" ] || { echo 'run gpu-folder/make first' >&2; exit 1; }
    cargo build --quiet --release --package stand-in-driver
    rm -rf "$libraries"
    mkdir -p "$libraries"
    # One library is both. The loader knows it by these names.
    cp "$built/libcuda.so" "$libraries/libcuda.so.1"
    ln -s libcuda.so.1 "$libraries/libcublas.so.13"
    cp "$toolkit"/nvidia/cu13/lib/libnvrtc* "$libraries/"
    # The stand-in takes the GPU's memory from the computer's. To give it back each time would take longer
    # than all else.
    on_the_stand_in=(env "LD_LIBRARY_PATH=$libraries" "STAND_IN_KERNELS=$work/kernels"
        MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=8000000000 MALLOC_TOP_PAD_=100000000)
}
