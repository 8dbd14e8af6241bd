#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace covey {

// Numbered as google.rpc.Code, so that a shell over gRPC translates without a table.
enum class ErrorCode : std::uint8_t {
  kCancelled = 1,
  kUnknown = 2,
  kInvalidArgument = 3,
  kDeadlineExceeded = 4,
  kNotFound = 5,
  kAlreadyExists = 6,
  kPermissionDenied = 7,
  kResourceExhausted = 8,
  kFailedPrecondition = 9,
  kAborted = 10,
  kOutOfRange = 11,
  kUnimplemented = 12,
  kInternal = 13,
  kUnavailable = 14,
  kDataLoss = 15,
  kUnauthenticated = 16,
};

std::string_view name_of(ErrorCode code);  // "INVALID_ARGUMENT"

// What went wrong, for a person: what was expected, what was found, what to do. Holds no secret, no
// model value and no byte that a peer sent.
struct Error {
  ErrorCode code = ErrorCode::kUnknown;
  std::string message;

  std::string to_string() const;  // "INVALID_ARGUMENT: message"
};

inline Error invalid_argument(std::string message) {
  return {ErrorCode::kInvalidArgument, std::move(message)};
}

}  // namespace covey
