#include "covey/crypto/digest.h"

#include "support/catch.h"

namespace covey::crypto {
namespace {

std::string digest_of(std::string_view text) { return to_hex(sha256(view_of(text))); }

TEST_CASE("SHA-256 gives NIST's example values", "[crypto]") {
  CHECK(digest_of("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(digest_of("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(digest_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  CHECK(digest_of(std::string(1'000'000, 'a')) ==
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("a running SHA-256 equals that of the whole, wherever it is cut", "[crypto]") {
  const std::string text(300, 'x');
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    Sha256 running;
    running.add(view_of(text.substr(0, cut)));
    CHECK(running.digest() == sha256(view_of(text.substr(0, cut))));
    running.add(view_of(text.substr(cut)));
    CHECK(running.digest() == sha256(view_of(text)));
  }
}

}  // namespace
}  // namespace covey::crypto
