#include "integration/hostile/http2.h"

#include <algorithm>

namespace covey::testing {
namespace http2 {
namespace {

// [RFC 7541] §5.1 with a prefix of seven bits, then the text as it is.
std::string hpack_text(const std::string& text) {
  std::string out;
  if (text.size() < 127) {
    out += static_cast<char>(text.size());
    return out + text;
  }
  out += static_cast<char>(127);
  std::size_t rest = text.size() - 127;
  for (; rest >= 128; rest /= 128) out += static_cast<char>(rest % 128 + 128);
  out += static_cast<char>(rest);
  return out + text;
}

}  // namespace

std::string number(std::uint64_t value, int bytes) {
  std::string out;
  for (int i = bytes - 1; i >= 0; --i) out += static_cast<char>(value >> (8 * i) & 0xff);
  return out;
}

std::string frame(std::uint8_t type, std::uint8_t flags, std::uint32_t stream,
                  const std::string& payload) {
  return number(payload.size(), 3) + number(type, 1) + number(flags, 1) + number(stream, 4) +
         payload;
}

std::string literal(const std::string& name, const std::string& value) {
  return std::string(1, '\0') + hpack_text(name) + hpack_text(value);
}

std::string call_headers(const std::string& method) {
  return literal(":method", "POST") + literal(":scheme", "https") +
         literal(":path", "/covey.v1.Federation/" + method) + literal(":authority", "coordinator") +
         literal("te", "trailers") + literal("content-type", "application/grpc");
}

std::string message(const std::string& bytes, std::uint64_t claimed_bytes) {
  return std::string(1, '\0') + number(claimed_bytes, 4) + bytes;
}

std::string data(std::uint32_t stream, const std::string& bytes, bool ends_stream) {
  std::string out;
  for (std::size_t at = 0; at < bytes.size(); at += kMostFrameBytes) {
    const bool is_last = at + kMostFrameBytes >= bytes.size();
    out += frame(kData, is_last && ends_stream ? kEndStream : 0, stream,
                 bytes.substr(at, kMostFrameBytes));
  }
  return out;
}

}  // namespace http2

using namespace http2;

namespace {

std::string varint(std::uint64_t value) {
  std::string out;
  for (; value >= 128; value /= 128) out += static_cast<char>(value % 128 + 128);
  return out + static_cast<char>(value);
}

}  // namespace

std::string field(int number, std::uint64_t value) {
  return varint(static_cast<std::uint64_t>(number) << 3) + varint(value);
}

std::string field(int number, const std::string& bytes) {
  return varint(static_cast<std::uint64_t>(number) << 3 | 2) + varint(bytes.size()) + bytes;
}

Http2::Http2(int port, const TlsClient& client, std::uint32_t window) : wire_(port) {
  if (!wire_.shake_hands(client)) return;
  wire_.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" +
             frame(kSettings, 0, 0, number(4, 2) + number(window, 4)) +
             frame(kWindowUpdate, 0, 0, number(1 << 30, 4)));
}

bool Http2::call(const std::string& method, const std::string& request) {
  const std::uint32_t stream = next_stream();
  ++asked_;
  return wire_.send(frame(kHeaders, kEndHeaders, stream, call_headers(method)) +
                    data(stream, message(request, request.size()), true));
}

bool Http2::read_answers() {
  const bool is_open = wire_.receive_some(unread_);
  std::size_t at = 0;
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(unread_[at + i]); };
  while (unread_.size() - at >= 9) {
    const std::size_t size = std::size_t{byte(0)} << 16 | std::size_t{byte(1)} << 8 | byte(2);
    if (unread_.size() - at < 9 + size) break;
    const bool is_end = byte(3) == kReset || (byte(3) == kHeaders && (byte(4) & kEndStream) != 0);
    if (is_end) answered_ = std::min(asked_, answered_ + 1);
    at += 9 + size;
  }
  unread_.erase(0, at);
  return is_open;
}

}  // namespace covey::testing
