
/* The blocks with the numbers from..to, x first, one after the other. */
int kernel(const void *const *p, const uint32_t grid[3], const uint32_t size[3], uint64_t from, uint64_t to) {
  char *shared = malloc(SHARED);
  struct registers *all = malloc((size_t)size[0] * size[1] * size[2] * sizeof *all);
  struct place place;
  int status = shared && all ? DONE : FAILED;
  memcpy(place.ntid, size, sizeof place.ntid);
  memcpy(place.nctaid, grid, sizeof place.nctaid);
  for (uint64_t at = from; at < to && status == DONE; at++) {
    place.ctaid[0] = at % grid[0], place.ctaid[1] = at / grid[0] % grid[1], place.ctaid[2] = at / grid[0] / grid[1];
    memset(shared, 0xff, SHARED); /* NaN, as all memory */
    status = block(p, &place, shared, all);
  }
  free(all);
  free(shared);
  return status == DONE ? 0 : 1;
}
