
/* One block, where no thread waits for another. */
static int block(const void *const *p, struct place *place, char *shared, struct registers *all) {
  const uint32_t *n = place->ntid;
  for (uint32_t z = 0; z < n[2]; z++) for (uint32_t y = 0; y < n[1]; y++) for (uint32_t x = 0; x < n[0]; x++) {
    struct registers r;
    place->tid[0] = x, place->tid[1] = y, place->tid[2] = z;
    if (thread(&r, p, place, shared) == FAILED) return FAILED;
  }
  return DONE;
}
