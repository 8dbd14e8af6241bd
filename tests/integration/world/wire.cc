#include "integration/world/wire.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <map>

namespace covey::testing {
namespace {

constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";  // RFC 9113, 3.4
constexpr std::size_t kFrameHeaderBytes = 9;
constexpr std::uint8_t kData = 0;
constexpr std::uint8_t kPadded = 8;
constexpr std::size_t kMessageHeaderBytes = 5;

std::size_t big_endian(ByteView bytes) {
  std::size_t number = 0;
  for (const std::uint8_t byte : bytes) number = number << 8 | byte;
  return number;
}

std::uint64_t first_eight(ByteView bytes) {
  std::uint64_t key = 0;
  std::memcpy(&key, bytes.data(), sizeof(key));
  return key;
}

void add_frame(Bytes& out, std::uint32_t stream, ByteView payload) {
  const auto byte = [](std::size_t number, int shift) {
    return static_cast<std::uint8_t>(number >> shift);
  };
  const std::size_t size = payload.size();
  out.insert(out.end(), {byte(size, 16), byte(size, 8), byte(size, 0), kData, 0, byte(stream, 24),
                         byte(stream, 16), byte(stream, 8), byte(stream, 0)});
  out.insert(out.end(), payload.begin(), payload.end());
}

}  // namespace

std::vector<Bytes> call_bodies(ByteView direction) {
  if (text_of(direction.first(std::min(direction.size(), kPreface.size()))) == kPreface) {
    direction = direction.subspan(kPreface.size());
  }
  std::map<std::size_t, Bytes> by_stream;
  while (direction.size() >= kFrameHeaderBytes) {
    const std::size_t size = big_endian(direction.first(3));
    const std::uint8_t type = direction[3];
    const bool is_padded = (direction[4] & kPadded) != 0;
    const std::size_t stream = big_endian(direction.subspan(5, 4));
    direction = direction.subspan(kFrameHeaderBytes);
    const ByteView payload = direction.first(std::min(size, direction.size()));
    direction = direction.subspan(payload.size());
    if (type != kData) continue;
    const std::size_t skipped = is_padded && !payload.empty() ? 1 : 0;  // padding itself may stay
    Bytes& body = by_stream[stream];
    body.insert(body.end(), payload.begin() + static_cast<std::ptrdiff_t>(skipped), payload.end());
  }
  std::vector<Bytes> bodies;
  for (auto& [stream, body] : by_stream) bodies.push_back(std::move(body));
  return bodies;
}

std::vector<Bytes> call_messages(ByteView body) {
  std::vector<Bytes> messages;
  while (body.size() >= kMessageHeaderBytes) {
    const std::size_t size = big_endian(body.subspan(1, 4));
    body = body.subspan(kMessageHeaderBytes);
    if (size > body.size()) break;
    messages.push_back(to_bytes(body.first(size)));
    body = body.subspan(size);
  }
  return messages;
}

std::vector<Bytes> haystacks(const std::vector<Link::Recording>& recordings) {
  std::vector<Bytes> all;
  for (const Link::Recording& recording : recordings) {
    for (const Bytes* direction : {&recording.up, &recording.down}) {
      all.push_back(*direction);
      for (Bytes& body : call_bodies(*direction)) all.push_back(std::move(body));
    }
  }
  return all;
}

bool contains(const std::vector<Bytes>& haystacks, ByteView needle) {
  return std::ranges::any_of(haystacks, [&](const Bytes& each) {
    return ::memmem(each.data(), each.size(), needle.data(), needle.size()) != nullptr;
  });
}

std::vector<Link::Recording> with_leak(std::vector<Link::Recording> recordings, ByteView leak) {
  constexpr std::uint32_t kNewStream = 0x7fff'fff1;
  Bytes& up = recordings.front().up;
  const std::size_t half = leak.size() / 2;
  add_frame(up, kNewStream, leak.first(half));
  add_frame(up, kNewStream, leak.subspan(half));
  return recordings;
}

void WindowSearch::add(ByteView secret) {
  for (; secret.size() >= kWindowBytes; secret = secret.subspan(kWindowBytes)) {
    const ByteView window = secret.first(kWindowBytes);
    const bool is_flat = std::ranges::adjacent_find(window, std::not_equal_to()) == window.end();
    if (!is_flat) windows_.emplace(first_eight(window), to_bytes(window));
  }
}

bool WindowSearch::finds_any(const std::vector<Bytes>& haystacks) const {
  return std::ranges::any_of(haystacks, [&](const Bytes& haystack) {
    for (ByteView rest = haystack; rest.size() >= kWindowBytes; rest = rest.subspan(1)) {
      const auto [begin, end] = windows_.equal_range(first_eight(rest));
      const ByteView here = rest.first(kWindowBytes);
      const bool is_there = std::any_of(
          begin, end, [&](const auto& entry) { return std::ranges::equal(entry.second, here); });
      if (is_there) return true;
    }
    return false;
  });
}

}  // namespace covey::testing
