
/* One block: all threads run up to the next barrier, then all go on. Those that have ended are not waited for. */
static int block(const void *const *p, struct place *place, char *shared, struct registers *all) {
  const uint32_t *n = place->ntid;
  size_t waiting = 1;
  for (size_t i = 0; i < (size_t)n[0] * n[1] * n[2]; i++) all[i].at = 0;
  while (waiting > 0) {
    struct registers *r = all;
    waiting = 0;
    for (uint32_t z = 0; z < n[2]; z++) for (uint32_t y = 0; y < n[1]; y++) for (uint32_t x = 0; x < n[0]; x++, r++) {
      if (r->at < 0) continue;
      place->tid[0] = x, place->tid[1] = y, place->tid[2] = z;
      switch (thread(r, p, place, shared)) {
        case FAILED: return FAILED;
        case WAITS: waiting++; break;
        default: r->at = -1;
      }
    }
  }
  return DONE;
}
