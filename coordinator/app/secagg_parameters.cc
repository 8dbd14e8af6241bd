// covey-secagg-parameters: how many neighbours a device needs in secure aggregation, and how many
// of them must answer.
//
// Exit status: 0 found, 1 nothing legal exists, 2 bad usage.

#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cxxopts.hpp>
#include <exception>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "covey/aggregation/secagg/parameter_finder.h"

namespace {

using Json = nlohmann::ordered_json;
using covey::Error;
using covey::ErrorCode;
using covey::Result;
using covey::secagg::Coordinator;
using covey::secagg::find_parameters;
using covey::secagg::Graph;
using covey::secagg::GroupShare;
using covey::secagg::LegalValues;
using covey::secagg::NeighbourhoodParameters;
using covey::secagg::ParameterRequest;

constexpr int kFound = 0;
constexpr int kRefused = 1;
constexpr int kBadUsage = 2;
constexpr const char* kProgram = "covey-secagg-parameters";

constexpr const char* kExplanation = R"(
Every device shares its secrets among its neighbours. A larger threshold protects it from more
accomplices of the coordinator, a smaller one lets the round complete when more devices vanish. Both
hold but for the probabilities that --security-bits and --completion-bits allow. The sparse graph
printed is the one with the fewest neighbours; the complete graph, where all are neighbours, is what
groups of up to 200 devices use unless told otherwise.

Example: 1000 devices, 5 % of them accomplices of a coordinator that may lie, 10 % vanishing
  covey-secagg-parameters --devices 1000 --corrupt 0.05 --dropout 0.1

Exit status: 0 found; 1 no degree and threshold exist (legal values are printed); 2 bad usage.
)";

struct Arguments {
  ParameterRequest request;
  bool json = false;
};

cxxopts::Options command_line() {
  cxxopts::Options options(kProgram,
                           "Finds the neighbours and the threshold of secure aggregation.");
  const auto text = [](const char* fallback = nullptr) {
    auto value = cxxopts::value<std::string>();
    return fallback != nullptr ? value->default_value(fallback) : value;
  };
  options.add_options(
      "",
      {
          {"devices", "devices in the group, 2 to 65535", text(), "N"},
          {"corrupt", "fraction of them that may be accomplices of the coordinator, 0 to below 1",
           text(), "FRACTION"},
          {"dropout", "fraction of them that may vanish during a round, 0 to below 1", text(),
           "FRACTION"},
          {"curious",
           "the coordinator follows the protocol and only looks (without this: it may lie)"},
          {"graph", "sparse, complete, or auto (complete up to 200 devices)", text("sparse"),
           "GRAPH"},
          {"security-bits", "privacy fails with probability at most 2^-BITS", text("40"), "BITS"},
          {"completion-bits", "the round cannot complete with probability at most 2^-BITS",
           text("20"), "BITS"},
          {"format", "text or json", text("text"), "FORMAT"},
          {"help", "print this"},
      });
  return options;
}

template <typename Number>
Result<Number> number_of(const cxxopts::ParseResult& parsed, const std::string& name,
                         const char* expected) {
  if (parsed[name].count() > 1)
    return covey::invalid_argument("--" + name + " is given more than once");
  const auto& text = parsed[name].as<std::string>();
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size()) return number;
  return covey::invalid_argument("--" + name + " must be " + expected + ", but is '" + text + "'");
}

Result<Graph> graph_of(const std::string& text) {
  if (text == "sparse") return Graph::kSparse;
  if (text == "complete") return Graph::kComplete;
  if (text == "auto") return Graph::kAuto;
  return covey::invalid_argument("--graph must be sparse, complete or auto, but is '" + text + "'");
}

Result<Arguments> arguments_of(const cxxopts::ParseResult& parsed) {
  if (!parsed.unmatched().empty()) {
    return covey::invalid_argument("unexpected argument '" + parsed.unmatched().front() + "'");
  }
  for (const char* name : {"devices", "corrupt", "dropout"}) {
    if (parsed.count(name) == 0)
      return covey::invalid_argument(std::string("--") + name + " is missing");
  }
  constexpr const char* kWhole = "a whole number";
  constexpr const char* kFraction = "a fraction such as 0.05";
  Arguments arguments;
  ParameterRequest& request = arguments.request;
  COVEY_ASSIGN_OR_RETURN(request.devices, number_of<std::uint32_t>(parsed, "devices", kWhole));
  COVEY_ASSIGN_OR_RETURN(request.corrupt_fraction, number_of<double>(parsed, "corrupt", kFraction));
  COVEY_ASSIGN_OR_RETURN(request.dropout_fraction, number_of<double>(parsed, "dropout", kFraction));
  COVEY_ASSIGN_OR_RETURN(request.security_bits,
                         number_of<std::uint32_t>(parsed, "security-bits", kWhole));
  COVEY_ASSIGN_OR_RETURN(request.completion_bits,
                         number_of<std::uint32_t>(parsed, "completion-bits", kWhole));
  COVEY_ASSIGN_OR_RETURN(request.graph, graph_of(parsed["graph"].as<std::string>()));
  if (parsed["curious"].as<bool>()) request.coordinator = Coordinator::kCurious;
  const auto& format = parsed["format"].as<std::string>();
  if (format != "text" && format != "json") {
    return covey::invalid_argument("--format must be text or json, but is '" + format + "'");
  }
  arguments.json = format == "json";
  return arguments;
}

const char* name_of(Coordinator coordinator) {
  return coordinator == Coordinator::kLying ? "lying" : "curious";
}
const char* name_of_graph(const NeighbourhoodParameters& found) {
  return found.complete ? "complete" : "sparse";
}

Json json_of_log2(double log2_probability) {
  return std::isfinite(log2_probability) ? Json(log2_probability) : Json(nullptr);
}

Json json_of(const NeighbourhoodParameters& found) {
  return {{"graph", name_of_graph(found)},
          {"neighbours", found.degree},
          {"threshold", found.threshold},
          {"accomplices_among_neighbours", found.accomplices_among_neighbours},
          {"log2_probability",
           {{"exposed", json_of_log2(found.log2_exposed)},
            {"disconnected", json_of_log2(found.log2_disconnected)},
            {"incomplete", json_of_log2(found.log2_incomplete)}}}};
}

Json json_of(const std::optional<GroupShare>& share) {
  if (!share) return nullptr;
  return {{"fraction", share->fraction}, {"devices", share->devices}};
}

Json json_of(const LegalValues& legal) {
  return {{"dropout", json_of(legal.most_vanishing)},
          {"corrupt", json_of(legal.most_accomplices)},
          {"devices", legal.enough_devices ? Json(*legal.enough_devices) : Json(nullptr)}};
}

void print_json(const ParameterRequest& request, const NeighbourhoodParameters& found,
                const NeighbourhoodParameters& complete) {
  Json out = {{"devices", request.devices},
              {"corrupt", request.corrupt_fraction},
              {"dropout", request.dropout_fraction},
              {"coordinator", name_of(request.coordinator)},
              {"security_bits", request.security_bits},
              {"completion_bits", request.completion_bits},
              {"accomplices", found.accomplices},
              {"vanishing", found.vanishing}};
  out.update(json_of(found));
  out["complete_graph"] = {{"neighbours", complete.degree}, {"threshold", complete.threshold}};
  std::cout << out.dump(2) << '\n';
}

void print_row(const char* what, const std::string& value) {
  std::printf("  %-46s %s\n", what, value.c_str());
}

std::string text_of_log2(double log2_probability, std::uint32_t allowed_bits) {
  if (!std::isfinite(log2_probability)) return "never";
  char text[64];
  std::snprintf(text, sizeof text, "2^%.1f (2^-%u allowed)", log2_probability, allowed_bits);
  return text;
}

void print_text(const ParameterRequest& request, const NeighbourhoodParameters& found,
                const NeighbourhoodParameters& complete) {
  std::printf("%u devices, %u of them accomplices of a %s coordinator, %u vanish\n\n",
              request.devices, found.accomplices, name_of(request.coordinator), found.vanishing);
  std::printf("%s graph: %u neighbours, threshold %u\n", name_of_graph(found), found.degree,
              found.threshold);
  print_row("accomplices tolerated among the neighbours",
            std::to_string(found.accomplices_among_neighbours));
  print_row("a device's secrets are exposed",
            text_of_log2(found.log2_exposed, request.security_bits + 1));
  print_row("the honest survivors are not connected",
            text_of_log2(found.log2_disconnected, request.security_bits + 1));
  print_row("a device has too few neighbours left",
            text_of_log2(found.log2_incomplete, request.completion_bits));
  if (found.complete) return;
  std::printf("\ncomplete graph: %u neighbours, threshold %u\n", complete.degree,
              complete.threshold);
}

int refuse(const Arguments& arguments, const Error& error) {
  const auto legal = covey::secagg::legal_values(arguments.request);
  const bool bad_usage = error.code == ErrorCode::kInvalidArgument || !legal.has_value();
  if (arguments.json && !bad_usage) {
    std::cout << Json{{"error", error.message}, {"legal", json_of(*legal)}}.dump(2) << '\n';
  } else {
    std::cerr << kProgram << ": " << error.message << '\n';
  }
  return bad_usage ? kBadUsage : kRefused;
}

int find_and_print(const Arguments& arguments) {
  const auto found = find_parameters(arguments.request);
  if (!found) return refuse(arguments, found.error());
  ParameterRequest everyone = arguments.request;
  everyone.graph = Graph::kComplete;
  const auto complete = find_parameters(everyone);
  if (!complete) return refuse(arguments, complete.error());
  (arguments.json ? print_json : print_text)(arguments.request, *found, *complete);
  return kFound;
}

int usage_error(std::string_view message) {
  std::cerr << kProgram << ": " << message << "; see --help\n";
  return kBadUsage;
}

}  // namespace

// cxxopts and nlohmann_json throw.
int main(int argc, char** argv) try {
  cxxopts::Options options = command_line();
  const auto parsed = options.parse(argc, argv);
  if (parsed.count("help") != 0) {
    std::cout << options.help() << kExplanation;
    return kFound;
  }
  const auto arguments = arguments_of(parsed);
  return arguments ? find_and_print(*arguments) : usage_error(arguments.error().message);
} catch (const std::exception& exception) {
  return usage_error(exception.what());
}
