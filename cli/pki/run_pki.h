#pragma once

namespace covey::cli {

// `covey pki …`: argv[0] is "pki", argv[1] the command. Prints, and gives the exit status: 0 done,
// 1 refused or failed, 2 wrong usage.
int run_pki(int argc, char** argv);

}  // namespace covey::cli
