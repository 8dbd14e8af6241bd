#include "covey/base/byte_reader.h"

#include <random>

#include "covey/base/byte_writer.h"
#include "support/catch.h"
#include "support/seeds.h"

namespace covey {
namespace {

TEST_CASE("integers are little-endian", "[base]") {
  ByteWriter writer;
  writer.u8(0x01);
  writer.u16(0x0203);
  writer.u32(0x04050607);
  writer.u64(0x08090a0b0c0d0e0f);
  CHECK(to_hex(writer.bytes()) ==
        "01030207060504"
        "0f0e0d0c0b0a0908");
}

TEST_CASE("a reader gives back what was written, in any mixture", "[base][property]") {
  testing::for_each_seed(200, [](testing::Seed seed) {
    std::mt19937_64 random(seed);
    std::vector<std::pair<int, std::uint64_t>> script(random() % 20);
    ByteWriter writer;
    for (auto& [kind, value] : script) {
      kind = static_cast<int>(random() % 6);
      value = random();
      if (kind == 0) writer.u8(static_cast<std::uint8_t>(value));
      if (kind == 1) writer.u16(static_cast<std::uint16_t>(value));
      if (kind == 2) writer.u32(static_cast<std::uint32_t>(value));
      if (kind == 3) writer.u64(value);
      if (kind == 4) writer.sized(Bytes(value % 40, static_cast<std::uint8_t>(value)));
      if (kind == 5) writer.raw(std::array{std::uint8_t{1}, static_cast<std::uint8_t>(value)});
    }
    ByteReader reader(writer.bytes());
    for (const auto& [kind, value] : script) {
      if (kind == 0) CHECK(reader.u8() == static_cast<std::uint8_t>(value));
      if (kind == 1) CHECK(reader.u16() == static_cast<std::uint16_t>(value));
      if (kind == 2) CHECK(reader.u32() == static_cast<std::uint32_t>(value));
      if (kind == 3) CHECK(reader.u64() == value);
      if (kind == 4) {
        CHECK(to_bytes(reader.sized()) == Bytes(value % 40, static_cast<std::uint8_t>(value)));
      }
      if (kind == 5) {
        CHECK(reader.array<2>() == std::array{std::uint8_t{1}, static_cast<std::uint8_t>(value)});
      }
    }
    CHECK(reader.ok());
    CHECK(reader.remaining() == 0);
    CHECK(reader.finish("the script").has_value());
  });
}

TEST_CASE("after a short read everything is zero and finish reports data loss", "[base]") {
  const Bytes bytes{1, 2, 3, 4, 5};
  ByteReader reader(bytes);
  CHECK(reader.u64() == 0);
  CHECK_FALSE(reader.ok());
  CHECK(reader.remaining() == 0);
  CHECK(reader.u8() == 0);
  CHECK(reader.raw(1).empty());
  CHECK(reader.sized().empty());
  CHECK(reader.array<3>() == std::array<std::uint8_t, 3>{});
  const Status finished = reader.finish("the state");
  REQUIRE_FALSE(finished.has_value());
  CHECK(finished.error().code == ErrorCode::kDataLoss);
  CHECK(finished.error().message.find("the state") != std::string::npos);
}

TEST_CASE("every truncation of a written string is reported", "[base]") {
  ByteWriter writer;
  writer.u32(7);
  writer.sized(Bytes{1, 2, 3});
  writer.u16(9);
  for (std::size_t size = 0; size < writer.bytes().size(); ++size) {
    ByteReader reader(ByteView(writer.bytes()).first(size));
    reader.u32();
    reader.sized();
    reader.u16();
    CHECK_FALSE(reader.finish("the state").has_value());
  }
}

TEST_CASE("a length larger than what is left reads nothing", "[base]") {
  for (const std::uint64_t length : {std::uint64_t{4}, ~std::uint64_t{0}, ~std::uint64_t{0} - 7}) {
    ByteWriter writer;
    writer.u64(length);
    writer.raw(Bytes{1, 2, 3});
    ByteReader reader(writer.bytes());
    CHECK(reader.sized().empty());
    CHECK_FALSE(reader.ok());
  }
}

TEST_CASE("bytes left over are reported", "[base]") {
  const Bytes bytes{1, 2};
  ByteReader reader(bytes);
  reader.u8();
  CHECK(reader.ok());
  const Status finished = reader.finish("the state");
  REQUIRE_FALSE(finished.has_value());
  CHECK(finished.error().code == ErrorCode::kDataLoss);
}

TEST_CASE("a reader that the caller fails stays failed", "[base]") {
  const Bytes bytes{1, 2};
  ByteReader reader(bytes);
  reader.fail();
  CHECK(reader.u8() == 0);
  CHECK_FALSE(reader.finish("the state").has_value());
}

}  // namespace
TEST_CASE("a digest is read from the text that it is written as, and from no other") {
  Digest digest{};
  for (std::size_t i = 0; i < digest.size(); ++i) digest[i] = static_cast<std::uint8_t>(i * 37);
  const std::string text = to_hex(digest);
  CHECK(digest_from_hex(text) == digest);
  for (std::size_t length = 0; length < text.size(); ++length) {
    CHECK_FALSE(digest_from_hex(text.substr(0, length)).has_value());
  }
  for (const char wrong : {'g', ' ', '-', 'x', '\0'}) {
    for (std::size_t at = 0; at < text.size(); ++at) {
      std::string changed = text;
      changed[at] = wrong;
      CHECK_FALSE(digest_from_hex(changed).has_value());
    }
  }
}

}  // namespace covey
