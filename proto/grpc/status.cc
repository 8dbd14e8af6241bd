#include "covey/proto/status.h"

#include <grpcpp/support/status.h>

#include <algorithm>

namespace covey::channel {
namespace {

constexpr std::size_t kMaxMessageLength = 200;
constexpr int kLastCode = 16;  // google.rpc.Code

bool is_own_fault(ErrorCode code) {
  return code == ErrorCode::kInternal || code == ErrorCode::kUnknown ||
         code == ErrorCode::kDataLoss;
}

}  // namespace

grpc::Status to_grpc(const Error& error) {
  return grpc::Status(static_cast<grpc::StatusCode>(error.code),
                      is_own_fault(error.code) ? "" : error.message);
}

grpc::Status to_grpc(const Status& status) {
  return status ? grpc::Status() : to_grpc(status.error());
}

Status from_grpc(const grpc::Status& status) {
  if (status.ok()) return {};
  const int code = static_cast<int>(status.error_code());
  const bool is_known = code >= 1 && code <= kLastCode;
  std::string message = status.error_message().substr(0, kMaxMessageLength);
  std::replace_if(
      message.begin(), message.end(), [](char c) { return c < 0x20 || c > 0x7e; }, '?');
  return Error{is_known ? static_cast<ErrorCode>(code) : ErrorCode::kUnknown, std::move(message)};
}

}  // namespace covey::channel
