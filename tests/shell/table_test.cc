#include "covey/shell/table.h"

#include <sstream>

#include "support/catch.h"

namespace covey::shell {

TEST_CASE("a table is as wide as its cells, counted in letters", "[shell]") {
  Table table({{"NAME"}, {"N", Align::kRight}, {"NOTE"}});
  table.add({"größer", "1", ""});
  table.add({"a", "100", "x\ny"});
  std::ostringstream out;
  table.print(out);
  CHECK(out.str() ==
        "NAME      N  NOTE\n"
        "größer    1\n"
        "a       100  x?y\n");
}

}  // namespace covey::shell
