#!/usr/bin/env bash
# Starts the course on the machine that it was carried to; CUDA 13's libraries have to be there for the GPU.
#
#   run.sh                               everything, on GPU and CPU; writes gpu.json
#   run.sh --device gpu                  only there; --device cpu likewise
#   run.sh chapter 15_resnet             one chapter, on the GPU; for the CPU with --device cpu before it
#   run.sh device                        whether the GPU works
#   run.sh kernels                       compares each kernel with the CPU, bit by bit; options are those of cargo's tests
#   run.sh kernels-sanitized             the same under compute-sanitizer, if it is there: memcheck, then racecheck
set -euo pipefail
here=$(cd -- "$(dirname -- "$0")" > /dev/null && pwd)
# The libraries are those of pip's packages, or of a toolkit.
pip=$(python3 -c 'import nvidia; print(":".join(p + "/cu13/lib" for p in nvidia.__path__))' 2> /dev/null || true)
export LD_LIBRARY_PATH=${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}${pip:+$pip:}/usr/local/cuda/lib64:/usr/local/nvidia/lib64:/usr/local/nvidia/lib

for program in course-cpu course-gpu kernel-tests; do
    [ -x "$here/$program" ] && continue
    gzip -dc "$here/$program.gz" > "$here/$program.part"
    chmod +x "$here/$program.part"
    mv "$here/$program.part" "$here/$program"
done

device=gpu
if [ "${1:-}" = --device ] && [[ ${3:-} =~ ^(chapter|device)$ ]]; then
    device=$2
    shift 2
fi
case ${1:-} in
    kernels)
        shift
        exec "$here/kernel-tests" "$@"
        ;;
    kernels-sanitized)
        shift
        # Small sizes; what the driver refuses, as a test wants it to, is no error. It may lie beside the toolkit's compiler.
        PATH=$PATH:/usr/local/cuda/bin
        for tool in memcheck racecheck; do
            printf '\n-- %s\n' "$tool"
            compute-sanitizer --tool "$tool" --report-api-errors no --error-exitcode 1 \
                "$here/kernel-tests" --test-threads 1 "${@:-few::}"
        done
        exit
        ;;
    chapter | device) ;;
    *) exec "$here/check" "$@" ;;
esac
# Headers of kernels that are compiled at their first use are looked for in the current folder.
cd "$here/headers"
exec "$here/course-$device" "$@"
