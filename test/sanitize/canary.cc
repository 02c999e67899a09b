// A mistake on purpose: `npm run test:sanitize` first makes sure that it is seen.
#include <cstdlib>

__attribute__((constructor)) void writeOutside() {
  volatile size_t length = 4;
  char* bytes = new char[length];
  static_cast<volatile char*>(bytes)[length] = 1;
  delete[] bytes;
}
