#pragma once

#include <type_traits>
#include <utility>
#include <variant>

#include "covey/base/check.h"
#include "covey/base/error.h"

namespace covey {

// A value or an Error, with the member names of std::expected. Reading the wrong side is a bug and
// ends the process.
template <typename T>
class [[nodiscard]] Result {
 public:
  using value_type = T;

  Result(T value)
      : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT(google-explicit-constructor)
  Result(Error error)
      : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT(google-explicit-constructor)

  bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  T& value() & { return checked_value(); }
  const T& value() const& { return const_cast<Result*>(this)->checked_value(); }
  T&& value() && { return std::move(checked_value()); }
  T& operator*() & { return checked_value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(checked_value()); }
  T* operator->() { return &checked_value(); }
  const T* operator->() const { return &value(); }

  const Error& error() const& {
    COVEY_CHECK(!has_value());
    return *std::get_if<1>(&state_);
  }
  Error&& error() && {
    COVEY_CHECK(!has_value());
    return std::move(*std::get_if<1>(&state_));
  }

 private:
  T& checked_value() {
    COVEY_CHECK(has_value());
    return *std::get_if<0>(&state_);
  }

  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error)
      : error_(std::move(error)), ok_(false) {}  // NOLINT(google-explicit-constructor)

  bool has_value() const { return ok_; }
  explicit operator bool() const { return ok_; }
  void value() const { COVEY_CHECK(ok_); }
  const Error& error() const& {
    COVEY_CHECK(!ok_);
    return error_;
  }
  Error&& error() && {
    COVEY_CHECK(!ok_);
    return std::move(error_);
  }

 private:
  Error error_;
  bool ok_ = true;
};

using Status = Result<void>;

}  // namespace covey

#define COVEY_INTERNAL_JOIN2(a, b) a##b
#define COVEY_INTERNAL_JOIN(a, b) COVEY_INTERNAL_JOIN2(a, b)
#define COVEY_INTERNAL_ASSIGN(result, target, expression)    \
  auto result = (expression);                                \
  if (!result.has_value()) return std::move(result).error(); \
  target = std::move(result).value()

// Hands an error on to the caller; C++20 has no operator that could.
#define COVEY_RETURN_IF_ERROR(expression)                              \
  do {                                                                 \
    if (auto covey_status = (expression); !covey_status.has_value()) { \
      return std::move(covey_status).error();                          \
    }                                                                  \
  } while (false)

// COVEY_ASSIGN_OR_RETURN(auto x, f()): x is the value, or this function returns the error.
#define COVEY_ASSIGN_OR_RETURN(target, expression) \
  COVEY_INTERNAL_ASSIGN(COVEY_INTERNAL_JOIN(covey_result_, __LINE__), target, expression)
