#pragma once

#include <string>
#include <vector>

namespace covey::layering {

struct SourceFile {
  std::string path;  // from the repository's root, with '/'
  std::string text;
};

// The rules of the house about who may include whom and where third-party code may be seen, checked
// on the text of its files. `files`: every .h, .cc and CMakeLists.txt of the tree. One line for
// each breach: "path: what is wrong"; empty when there is none.
std::vector<std::string> breaches(const std::vector<SourceFile>& files);

}  // namespace covey::layering
