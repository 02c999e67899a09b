// One door into LibTorch: look up any ATen operator (or one of ours) by name and call it, boxed.
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/stack.h>

#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "addon.h"
#include "convert.h"

namespace ncfm {
namespace {

// The numbers that this thread's JavaScript calls operators by: a thread of worker_threads has JavaScript of its own.
std::vector<c10::OperatorHandle>& operators() {
  static thread_local std::vector<c10::OperatorHandle> table;
  return table;
}

// Looks an operator up once; JavaScript keeps the number returned and calls by it.
Napi::Value lookup(const Napi::CallbackInfo& info) {
  const std::string name = info[0].As<Napi::String>().Utf8Value();
  const std::string overload = info[1].As<Napi::String>().Utf8Value();
  operators().push_back(c10::Dispatcher::singleton().findSchemaOrThrow(name.c_str(), overload.c_str()));
  return Napi::Number::New(info.Env(), static_cast<double>(operators().size() - 1));
}

std::string describe(const torch::jit::Stack& stack) {
  std::ostringstream text;
  bool first = true;
  for (const c10::IValue& value : stack) {
    if (!first) text << ", ";
    first = false;
    if (value.isTensor() && value.toTensor().defined()) {
      text << value.toTensor().scalar_type() << value.toTensor().sizes();
    } else if (value.isTensorList()) {
      text << "[" << value.toTensorVector().size() << " tensors]";
    } else if (value.isNone()) {
      text << "null";
    } else if (value.isGenerator()) {
      text << "generator";
    } else {
      text << value;
    }
  }
  return text.str();
}

torch::jit::Stack buildStack(const Napi::CallbackInfo& info, const c10::FunctionSchema& schema) {
  const auto& arguments = schema.arguments();
  if (info.Length() - 1 > arguments.size()) {
    throw std::invalid_argument(schema.name() + ": too many arguments; its signature is " + c10::toString(schema));
  }
  torch::jit::Stack stack;
  stack.reserve(arguments.size());
  for (size_t i = 0; i < arguments.size(); ++i) {
    const c10::Argument& argument = arguments[i];
    const Napi::Value value = i + 1 < info.Length() ? info[i + 1] : info.Env().Undefined();
    if (value.IsUndefined() && argument.default_value().has_value()) {
      stack.push_back(*argument.default_value());
      continue;
    }
    try {
      stack.push_back(toIValue(value, argument.type()));
    } catch (const std::invalid_argument& error) {
      throw std::invalid_argument(schema.name() + ": argument '" + argument.name() + "': " + error.what());
    }
  }
  return stack;
}

Napi::Value call(const Napi::CallbackInfo& info) {
  const c10::OperatorHandle& handle = operators().at(info[0].As<Napi::Number>().Uint32Value());
  torch::jit::Stack stack = buildStack(info, handle.schema());
  try {
    handle.callBoxed(&stack);
  } catch (const c10::Error& error) {
    throw std::runtime_error(handle.schema().name() + "(" + describe(stack) + "): " + error.what_without_backtrace());
  } catch (const std::exception& error) {
    throw std::runtime_error(handle.schema().name() + "(" + describe(stack) + "): " + error.what());
  }
  if (stack.size() == 1) return toJavaScript(info.Env(), stack.front());
  Napi::Array results = Napi::Array::New(info.Env(), stack.size());
  for (size_t i = 0; i < stack.size(); ++i) results.Set(static_cast<uint32_t>(i), toJavaScript(info.Env(), stack[i]));
  return results;
}

}  // namespace

void registerDispatch(Napi::Env env, Napi::Object exports) {
  define<lookup>(env, exports, "lookup");
  define<call>(env, exports, "call");
}

}  // namespace ncfm
