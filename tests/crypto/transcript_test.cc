#include "covey/crypto/transcript.h"

#include <map>
#include <random>

#include "covey/crypto/digest.h"
#include "support/catch.h"
#include "support/seeds.h"

namespace covey::crypto {
namespace {

constexpr std::string_view kDomain = "covey/v1/test";

using Fields = std::vector<std::string>;

Digest digest_of(const Fields& fields, std::string_view domain = kDomain) {
  Transcript transcript(domain);
  for (const std::string& field : fields) transcript.field(field);
  return transcript.digest();
}

TEST_CASE("a transcript's digest never changes", "[crypto]") {
  Transcript transcript(kDomain);
  transcript.field("first").field(ByteView()).number(0x0102030405060708);
  const std::string hashed = std::string("\x0d\0\0\0\0\0\0\0covey/v1/test", 21) +
                             std::string("\x05\0\0\0\0\0\0\0first", 13) + std::string(8, '\0') +
                             std::string("\x08\0\0\0\0\0\0\0\x08\x07\x06\x05\x04\x03\x02\x01", 16);
  CHECK(transcript.digest() == sha256(view_of(hashed)));
  CHECK(to_hex(transcript.digest()) ==
        "6177143b9634b6d438b1524bc78a8c1b5c7f453bbb4581dac6a847756e2a43c7");
}

TEST_CASE("different sequences of fields have different digests", "[crypto]") {
  const std::vector<Fields> sequences = {{},
                                         {""},
                                         {"", ""},
                                         {"ab"},
                                         {"a", "b"},
                                         {"b", "a"},
                                         {"ab", ""},
                                         {"", "ab"},
                                         {"a", "", "b"},
                                         {"abc"},
                                         {"ab", "c"},
                                         {"a", "bc"},
                                         {std::string(8, '\0')},
                                         {std::string(1, '\0')},
                                         {std::string("\x01\0\0\0\0\0\0\0a", 9)}};
  std::map<Digest, Fields> seen;
  for (const Fields& fields : sequences) CHECK(seen.emplace(digest_of(fields), fields).second);
}

TEST_CASE("moving a boundary between two fields changes the digest", "[crypto][property]") {
  testing::for_each_seed(100, [](testing::Seed seed) {
    std::mt19937_64 random(seed);
    std::string joined(1 + random() % 40, '\0');
    for (char& c : joined) c = static_cast<char>(random() % 3);
    std::map<Digest, std::size_t> seen;
    for (std::size_t cut = 0; cut <= joined.size(); ++cut) {
      CHECK(seen.emplace(digest_of({joined.substr(0, cut), joined.substr(cut)}), cut).second);
    }
    CHECK(seen.count(digest_of({joined})) == 0);
  });
}

TEST_CASE("the domain is part of the digest and is no ordinary field", "[crypto]") {
  CHECK(digest_of({"a"}, "covey/v1/x") != digest_of({"a"}, "covey/v1/y"));
  CHECK(digest_of({}, "covey/v1/xa") != digest_of({"a"}, "covey/v1/x"));
}

TEST_CASE("a number is a field of eight bytes", "[crypto]") {
  Transcript number(kDomain);
  number.number(258);
  CHECK(number.digest() == digest_of({std::string("\x02\x01\0\0\0\0\0\0", 8)}));
}

TEST_CASE("asking for the digest changes nothing, and more fields may follow", "[crypto]") {
  Transcript transcript(kDomain);
  transcript.field("a");
  CHECK(transcript.digest() == transcript.digest());
  transcript.field("b");
  CHECK(transcript.digest() == digest_of({"a", "b"}));
  Transcript moved = std::move(transcript);
  CHECK(moved.field("c").digest() == digest_of({"a", "b", "c"}));
}

}  // namespace
}  // namespace covey::crypto
