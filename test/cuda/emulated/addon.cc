// Loading the library registers the operators, and a library that Node loads has to be an addon.
#include <node_api.h>

NAPI_MODULE_INIT() {
  static_cast<void>(env);
  return exports;
}
