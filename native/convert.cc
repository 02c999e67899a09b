#include "convert.h"

#include <ATen/ATen.h>

#include <cmath>
#include <stdexcept>
#include <string>

#include "handle.h"

namespace ncfm {
namespace {

constexpr double largestSafeInteger = 9007199254740991.0;

[[noreturn]] void mismatch(const Napi::Value& value, const std::string& expected) {
  static const char* const names[] = {"undefined", "null",   "boolean",  "number",   "string",
                                      "symbol",    "object", "function", "external", "bigint"};
  throw std::invalid_argument("expected " + expected + ", got " + names[value.Type()]);
}

bool isInteger(double number) {
  return std::trunc(number) == number && std::abs(number) <= largestSafeInteger;
}

int64_t toInteger(const Napi::Value& value) {
  if (value.IsBigInt()) {
    bool lossless = true;
    const int64_t integer = value.As<Napi::BigInt>().Int64Value(&lossless);
    if (!lossless) throw std::invalid_argument("expected a 64-bit integer, got a larger bigint");
    return integer;
  }
  if (!value.IsNumber()) mismatch(value, "an integer");
  const double number = value.As<Napi::Number>().DoubleValue();
  if (!isInteger(number)) throw std::invalid_argument("expected an integer, got " + std::to_string(number));
  return static_cast<int64_t>(number);
}

double toDouble(const Napi::Value& value) {
  if (!value.IsNumber()) mismatch(value, "a number");
  return value.As<Napi::Number>().DoubleValue();
}

bool toBoolean(const Napi::Value& value) {
  if (!value.IsBoolean()) mismatch(value, "a boolean");
  return value.As<Napi::Boolean>().Value();
}

at::Scalar toScalar(const Napi::Value& value) {
  if (value.IsBoolean()) return at::Scalar(value.As<Napi::Boolean>().Value());
  if (value.IsBigInt()) return at::Scalar(toInteger(value));
  const double number = toDouble(value);
  if (isInteger(number)) return at::Scalar(static_cast<int64_t>(number));
  return at::Scalar(number);
}

template <typename Element, typename Convert>
c10::IValue toList(const Napi::Array& array, Convert convert) {
  c10::List<Element> list;
  list.reserve(array.Length());
  for (uint32_t i = 0; i < array.Length(); ++i) list.push_back(convert(array.Get(i)));
  return c10::IValue(std::move(list));
}

c10::optional<at::Tensor> toOptionalTensor(const Napi::Value& value) {
  if (value.IsNull() || value.IsUndefined()) return c10::nullopt;
  return unwrapTensor(value);
}

c10::IValue toTypedList(const Napi::Value& value, const c10::ListType& type) {
  if (!value.IsArray()) mismatch(value, "an array (" + type.repr_str() + ")");
  const auto array = value.As<Napi::Array>();
  const c10::TypePtr element = type.getElementType();
  switch (element->kind()) {
    case c10::TypeKind::TensorType:
      return toList<at::Tensor>(array, unwrapTensor);
    case c10::TypeKind::IntType:
      return toList<int64_t>(array, toInteger);
    case c10::TypeKind::FloatType:
      return toList<double>(array, toDouble);
    case c10::TypeKind::BoolType:
      return toList<bool>(array, toBoolean);
    case c10::TypeKind::OptionalType:
      return toList<c10::optional<at::Tensor>>(array, toOptionalTensor);
    default: {
      c10::impl::GenericList list(element);
      for (uint32_t i = 0; i < array.Length(); ++i) list.push_back(toIValue(array.Get(i), element));
      return c10::IValue(std::move(list));
    }
  }
}

template <typename List>
Napi::Value listToJavaScript(Napi::Env env, const List& list) {
  Napi::Array array = Napi::Array::New(env, list.size());
  for (size_t i = 0; i < list.size(); ++i) array.Set(static_cast<uint32_t>(i), toJavaScript(env, c10::IValue(list[i])));
  return array;
}

Napi::Value dictToJavaScript(Napi::Env env, const c10::impl::GenericDict& dict) {
  Napi::Object object = Napi::Object::New(env);
  for (const auto& entry : dict) object.Set(toJavaScript(env, entry.key()), toJavaScript(env, entry.value()));
  return object;
}

}  // namespace

c10::IValue toIValue(const Napi::Value& value, const c10::TypePtr& type) {
  switch (type->kind()) {
    case c10::TypeKind::OptionalType:
      if (value.IsNull() || value.IsUndefined()) return c10::IValue();
      return toIValue(value, type->castRaw<c10::OptionalType>()->getElementType());
    case c10::TypeKind::TensorType:
      return c10::IValue(unwrapTensor(value));
    case c10::TypeKind::NumberType:
      return c10::IValue(toScalar(value));
    case c10::TypeKind::IntType:
      return c10::IValue(toInteger(value));
    case c10::TypeKind::FloatType:
      return c10::IValue(toDouble(value));
    case c10::TypeKind::BoolType:
      return c10::IValue(toBoolean(value));
    case c10::TypeKind::StringType:
      if (!value.IsString()) mismatch(value, "a string");
      return c10::IValue(value.As<Napi::String>().Utf8Value());
    case c10::TypeKind::DeviceObjType:
      if (!value.IsString()) mismatch(value, "a device such as 'cpu' or 'cuda:0'");
      return c10::IValue(c10::Device(value.As<Napi::String>().Utf8Value()));
    case c10::TypeKind::GeneratorType:
      return c10::IValue(unwrapGenerator(value));
    case c10::TypeKind::ListType:
      return toTypedList(value, type->expectRef<c10::ListType>());
    default:
      throw std::invalid_argument("arguments of type " + type->repr_str() + " cannot be passed from JavaScript");
  }
}

Napi::Value toJavaScript(Napi::Env env, const c10::IValue& value) {
  if (value.isTensor()) return value.toTensor().defined() ? wrapTensor(env, value.toTensor()) : Napi::Value(env.Null());
  if (value.isNone()) return env.Null();
  if (value.isInt()) return Napi::Number::New(env, static_cast<double>(value.toInt()));
  if (value.isDouble()) return Napi::Number::New(env, value.toDouble());
  if (value.isBool()) return Napi::Boolean::New(env, value.toBool());
  if (value.isString()) return Napi::String::New(env, value.toStringRef());
  if (value.isIntList()) return listToJavaScript(env, value.toIntVector());
  if (value.isTensorList()) return listToJavaScript(env, value.toTensorVector());
  if (value.isList()) return listToJavaScript(env, value.toListRef());
  if (value.isTuple()) return listToJavaScript(env, value.toTupleRef().elements().vec());
  if (value.isGenericDict()) return dictToJavaScript(env, value.toGenericDict());
  throw std::invalid_argument("a result of type " + value.tagKind() + " cannot be passed to JavaScript");
}

}  // namespace ncfm
