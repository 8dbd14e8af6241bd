#include "simulation/output/report/page.h"

#include "simulation/output/charts/markup.h"

namespace covey::simulation {

std::string page_of(const std::string& title, const std::string& body) {
  return "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
         "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>" +
         escaped(title) + "</title>\n<style>" + kPageStyle + "</style>\n</head>\n<body>\n<main>\n" +
         body + "</main>\n<script>" + kPageScript + "</script>\n</body>\n</html>\n";
}

}  // namespace covey::simulation
