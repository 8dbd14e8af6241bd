#pragma once

#include <cstdint>
#include <string>

#include "integration/hostile/wire.h"

namespace covey::testing {

// HTTP/2 by hand (RFC 9113, RFC 7541), as far as an attacker needs it.
namespace http2 {

inline constexpr std::uint8_t kData = 0, kHeaders = 1, kPriority = 2, kReset = 3, kSettings = 4,
                              kPing = 6, kWindowUpdate = 8, kContinuation = 9;
inline constexpr std::uint8_t kEndStream = 1, kEndHeaders = 4;
inline constexpr std::size_t kMostFrameBytes = 16384;

std::string number(std::uint64_t value, int bytes);  // big-endian
std::string frame(std::uint8_t type, std::uint8_t flags, std::uint32_t stream,
                  const std::string& payload = {});
std::string literal(const std::string& name, const std::string& value);  // one header
std::string call_headers(const std::string& method);
// As gRPC puts a message into DATA: that it is not compressed, and `claimed_bytes` before it.
std::string message(const std::string& bytes, std::uint64_t claimed_bytes);
// All of `bytes` in DATA frames, the last of which may end the stream.
std::string data(std::uint32_t stream, const std::string& bytes, bool ends_stream);

}  // namespace http2

// Protobuf by hand: fields behind one another.
std::string field(int number, std::uint64_t value);
std::string field(int number, const std::string& bytes);

// Calls over one connection with TLS. The server's settings are never acknowledged: gRPC 1.51 holds
// a client to its limit of streams only then.
class Http2 {
 public:
  // `window`: how much the server may send on a stream before it must wait.
  Http2(int port, const TlsClient& client, std::uint32_t window = 1 << 30);

  bool is_open() const { return wire_.is_open(); }
  Wire& wire() { return wire_; }
  std::uint32_t next_stream() { return next_stream_ += 2; }
  // A whole call, of which the answer is not waited for.
  bool call(const std::string& method, const std::string& request);
  // Reads what has come; false: the server has hung up.
  bool read_answers();
  std::uint64_t unanswered() const { return asked_ - answered_; }
  std::uint64_t answered() const { return answered_; }

 private:
  Wire wire_;
  std::uint32_t next_stream_ = ~std::uint32_t{0};  // so that the first is 1
  std::uint64_t asked_ = 0;
  std::uint64_t answered_ = 0;
  std::string unread_;
};

}  // namespace covey::testing
