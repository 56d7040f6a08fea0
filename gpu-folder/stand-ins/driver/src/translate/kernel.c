
int kernel(const void *const *p, const uint32_t grid[3], const uint32_t size[3]) {
  char *shared = malloc(SHARED);
  struct registers *all = malloc((size_t)size[0] * size[1] * size[2] * sizeof *all);
  struct place place;
  int status = shared && all ? DONE : FAILED;
  memcpy(place.ntid, size, sizeof place.ntid);
  memcpy(place.nctaid, grid, sizeof place.nctaid);
  for (uint32_t z = 0; z < grid[2]; z++) for (uint32_t y = 0; y < grid[1]; y++) for (uint32_t x = 0; x < grid[0]; x++) {
    place.ctaid[0] = x, place.ctaid[1] = y, place.ctaid[2] = z;
    if (shared) memset(shared, 0xff, SHARED); /* NaN, as all memory */
    if (status == DONE) status = block(p, &place, shared, all);
  }
  free(all);
  free(shared);
  return status == DONE ? 0 : 1;
}
