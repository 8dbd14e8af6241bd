#pragma once

#include <ostream>
#include <span>
#include <string_view>

namespace covey::cli {

// A word of the command line that another program answers, as in git.
struct Program {
  std::string_view word;        // "sim"
  std::string_view executable;  // "covey-sim"
  std::string_view summary;
};
std::span<const Program> other_programs();  // pki among them, which has no executable

// Runs it in place of this process, with the arguments after the word: the one that lies beside
// this program, else the one in PATH. Returns, with the exit status, only when there is none.
int become(const Program& program, int argc, char** argv, std::ostream& err);

}  // namespace covey::cli
