#pragma once

#include <string>

namespace covey::simulation {

// One HTML file that needs no other: style and script are in it. `title` is text, `body` HTML.
std::string page_of(const std::string& title, const std::string& body);

extern const char* const kPageStyle;
extern const char* const kPageScript;

}  // namespace covey::simulation
