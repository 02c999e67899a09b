// JavaScript values <-> c10::IValue, guided by the operator's own schema.
#pragma once

#include <ATen/core/ivalue.h>
#include <ATen/core/jit_type.h>
#include <napi.h>

namespace ncfm {

// Converts `value` to what `type` asks for; throws std::invalid_argument naming both where they do not fit.
c10::IValue toIValue(const Napi::Value& value, const c10::TypePtr& type);

Napi::Value toJavaScript(Napi::Env env, const c10::IValue& value);

}  // namespace ncfm
