#include "addon.h"

namespace ncfm {

Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  registerTensor(env, exports);
  registerDispatch(env, exports);
  registerAutograd(env, exports);
  registerRandom(env, exports);
  registerSerialize(env, exports);
  registerDevice(env, exports);
  registerGpu(env, exports);
  registerMapping(env, exports);
  registerCollective(env, exports);
  registerStandIn(env, exports);
  return exports;
}

}  // namespace ncfm

static Napi::Object initializeAddon(Napi::Env env, Napi::Object exports) {
  return ncfm::initialize(env, exports);
}

NODE_API_MODULE(ncfm, initializeAddon)
