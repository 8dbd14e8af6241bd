#pragma once

#include <memory>
#include <string_view>

#include "covey/base/bytes.h"

namespace covey::crypto {

// What is signed or hashed, unambiguous by construction: a domain label, then fields, each with its
// length before it. Two different sequences of fields never give the same digest. Everything that
// Covey signs, commits to or derives a key from goes through one of these; protobuf bytes never do.
class Transcript {
 public:
  explicit Transcript(std::string_view domain);  // "covey/v1/…", different for every use
  Transcript(Transcript&&) noexcept;
  Transcript& operator=(Transcript&&) noexcept;
  ~Transcript();

  Transcript& field(ByteView bytes);  // u64 little-endian length, then the bytes
  Transcript& field(std::string_view text) { return field(view_of(text)); }
  Transcript& number(std::uint64_t value);  // a field of 8 bytes, little-endian

  Digest digest() const;  // SHA-256 of all so far; more fields may follow

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace covey::crypto
