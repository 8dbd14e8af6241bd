#include "covey/shell/numbers.h"

#include <cmath>

#include "support/catch.h"

namespace covey::shell {

TEST_CASE("bytes are told in the unit that fits", "[shell]") {
  CHECK(text_of_bytes(0) == "0 B");
  CHECK(text_of_bytes(999) == "999 B");
  CHECK(text_of_bytes(1000) == "1.0 kB");
  CHECK(text_of_bytes(999'960) == "1.0 MB");
  CHECK(text_of_bytes(12'345'678) == "12.3 MB");
  CHECK(text_of_bytes(~std::uint64_t{0}) == "18446.7 PB");
}

TEST_CASE("times and numbers are told as people read them", "[shell]") {
  CHECK(text_of_milliseconds(3249) == "3.2 s");
  CHECK(text_of_milliseconds(725'000) == "12 min 5 s");
  CHECK(text_of_milliseconds(7'380'000) == "2 h 3 min");
  CHECK(text_of_milliseconds(-1) == "-");
  CHECK(text_of_time(0) == "-");
  CHECK(text_of_time(1'700'000'000'000).size() == 19);
  CHECK(text_of_number(std::nan(""), 2) == "-");
  CHECK(text_of_number(1e308, 1).size() == 311);
  CHECK(shortest_number(0.1) == "0.1");
  CHECK(shortest_number(1e-7) == "1e-07");
  CHECK(shortest_number(std::nan("")) == "-");
  CHECK(joined({}) == "-");
  CHECK(joined({"a", "b"}) == "a, b");
  CHECK(with_separators(0) == "0");
  CHECK(with_separators(999) == "999");
  CHECK(with_separators(1000) == "1,000");
  CHECK(with_separators(1'199'882) == "1,199,882");
}

}  // namespace covey::shell
