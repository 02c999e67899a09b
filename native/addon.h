// How a native function becomes a JavaScript one. `define` holds the only place where a C++ exception
// turns into a JavaScript error.
#pragma once

#include <c10/util/Exception.h>
#include <napi.h>

#include <exception>

namespace ncfm {

template <Napi::Value (*function)(const Napi::CallbackInfo&)>
void define(Napi::Env env, Napi::Object exports, const char* name) {
  exports.Set(name, Napi::Function::New(
                        env,
                        [](const Napi::CallbackInfo& info) -> Napi::Value {
                          try {
                            return function(info);
                          } catch (const Napi::Error&) {
                            throw;
                          } catch (const c10::Error& error) {
                            throw Napi::Error::New(info.Env(), error.what_without_backtrace());
                          } catch (const std::exception& error) {
                            throw Napi::Error::New(info.Env(), error.what());
                          } catch (...) {
                            throw Napi::Error::New(info.Env(), "the engine threw something that is no std::exception");
                          }
                        },
                        name));
}

void registerTensor(Napi::Env env, Napi::Object exports);
void registerDispatch(Napi::Env env, Napi::Object exports);
void registerAutograd(Napi::Env env, Napi::Object exports);
void registerRandom(Napi::Env env, Napi::Object exports);
void registerSerialize(Napi::Env env, Napi::Object exports);
void registerDevice(Napi::Env env, Napi::Object exports);
void registerGpu(Napi::Env env, Napi::Object exports);
void registerMapping(Napi::Env env, Napi::Object exports);
void registerCollective(Napi::Env env, Napi::Object exports);
void registerStandIn(Napi::Env env, Napi::Object exports);

}  // namespace ncfm
