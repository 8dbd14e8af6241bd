#include "layering/layering_rules.h"

#include <algorithm>
#include <optional>
#include <set>
#include <sstream>
#include <string_view>

namespace covey::layering {
namespace {

using Names = std::vector<std::string_view>;

// Which modules a module may include. examples/ may include every module, tests/ everything. The
// schema (covey/v1/) is nobody's: it has a rule of its own below.
struct Layer {
  std::string_view module;
  Names may_include;
};
const Layer kLayers[] = {
    {"crypto", {"crypto"}},
    {"aggregation", {"crypto", "aggregation"}},
    {"settings", {"crypto", "settings"}},
    {"shell", {"crypto", "settings", "shell"}},
    {"datasets", {"crypto", "aggregation", "settings", "datasets"}},
    {"client", {"crypto", "aggregation", "settings", "datasets", "proto", "client"}},
    {"coordinator", {"crypto", "aggregation", "settings", "proto", "coordinator"}},
    {"simulation",
     {"crypto", "aggregation", "settings", "shell", "datasets", "client", "coordinator",
      "simulation"}},
    {"cli",
     {"crypto", "aggregation", "settings", "shell", "datasets", "client", "coordinator",
      "simulation", "cli"}},
    {"proto", {"crypto", "proto"}},
};

// The public headers of the one library whose users include LibTorch anyway.
constexpr std::string_view kTorchHeaders = "client/include/covey/client/torch/";

// Headers that may be included in a few places only: where the path starts with one of `places`,
// or, for a place that starts with '/', has it in the middle.
struct Confined {
  std::string_view what;
  Names headers;  // how they start
  Names places;
};
const Confined kConfined[] = {
    {"libsodium", {"sodium"}, {"crypto/", "tests/"}},
    {"OpenSSL", {"openssl/"}, {"crypto/", "tests/"}},
    {"the wire's schema", {"covey/v1/", "google/protobuf/"}, {"/wire/", "/grpc/", "tests/integration/", "tests/bench/load/"}},
    {"Eigen", {"Eigen/", "unsupported/Eigen/"}, {"aggregation/merge/"}},
    {"LibTorch",
     {"torch/", "ATen/", "c10/"},
     {"client/torch/", "simulation/", "examples/torch_app/", kTorchHeaders,
      "tests/client/torch_support.cc", "tests/bench/bare_loop.cc"}},
    {"gRPC", {"grpc/", "grpcpp/"}, {"proto/grpc/", "client/grpc/", "coordinator/grpc/", "tests/"}},
    {"what gRPC shells share",
     {"covey/proto/"},
     {"proto/", "/grpc/", "/app/", "client/include/", "coordinator/include/", "tests/"}},
    {"toml++", {"toml++/"}, {"settings/"}},
    {"SQLite", {"sqlite3", "SQLiteCpp/"}, {"coordinator/store/"}},
    {"intrinsics",
     {"immintrin.h", "x86intrin.h", "x86gprintrin.h", "emmintrin.h", "xmmintrin.h", "pmmintrin.h",
      "smmintrin.h", "nmmintrin.h", "tmmintrin.h", "wmmintrin.h", "ammintrin.h", "cpuid.h",
      "arm_neon.h", "arm_acle.h", "arm_sve.h"},
     {"crypto/src/mask_kernel.cc"}},
    {"the insecure generator",
     {"covey/crypto/insecure_seeded_random.h"},
     {"crypto/src/insecure_seeded_random.cc", "simulation/", "tests/"}},
};

struct Include {
  std::string header;
  bool is_angled = false;
};

std::vector<Include> includes_of(const std::string& text) {
  std::vector<Include> includes;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::erase_if(line, [](char c) { return c == ' ' || c == '\t' || c == '\r'; });
    constexpr std::string_view kDirective = "#include";
    if (!line.starts_with(kDirective) || line.size() == kDirective.size()) continue;
    const bool is_angled = line[kDirective.size()] == '<';
    const std::size_t begin = kDirective.size() + 1;
    const std::size_t end = line.find(is_angled ? '>' : '"', begin);
    if (end != std::string::npos) includes.push_back({line.substr(begin, end - begin), is_angled});
  }
  return includes;
}

bool starts_with_any(std::string_view text, const Names& starts) {
  return std::ranges::any_of(starts,
                             [&](std::string_view start) { return text.starts_with(start); });
}

bool is_in_any(std::string_view path, const Names& places) {
  return std::ranges::any_of(places, [&](std::string_view place) {
    return place.starts_with('/') ? path.find(place) != path.npos : path.starts_with(place);
  });
}

std::string_view first_folder(std::string_view path) { return path.substr(0, path.find('/')); }
std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == path.npos ? "" : path.substr(0, slash + 1);
}

const Layer* layer_of(std::string_view module) {
  const auto* layer = std::ranges::find(kLayers, module, &Layer::module);
  return layer == std::end(kLayers) ? nullptr : layer;
}

// Whose header this is; empty for one of the same folder, of std or of somebody else.
std::string_view module_of_header(std::string_view header) {
  constexpr std::string_view kPublic = "covey/";
  if (!header.starts_with(kPublic)) {
    const std::string_view folder =
        first_folder(header);  // private headers are named from the root
    return layer_of(folder) != nullptr ? folder : std::string_view();
  }
  const std::string_view folder = first_folder(header.substr(kPublic.size()));
  return folder == "base" ? "crypto" : folder == "v1" ? std::string_view() : folder;
}

bool is_header(const SourceFile& file) { return file.path.ends_with(".h"); }
bool is_source(const SourceFile& file) { return is_header(file) || file.path.ends_with(".cc"); }
bool is_cmake_list(const SourceFile& file) { return file.path.ends_with("CMakeLists.txt"); }
// Under include/, whose part of the path is given by `public_name`.
std::optional<std::string> public_name(const SourceFile& file) {
  constexpr std::string_view kFolder = "/include/";
  const std::size_t at = file.path.find(kFolder);
  if (!is_header(file) || at == std::string::npos) return std::nullopt;
  return file.path.substr(at + kFolder.size());
}

class Checker {
 public:
  explicit Checker(const std::vector<SourceFile>& files) : files_(files) {}

  std::vector<std::string> run() {
    for (const SourceFile& file : files_) {
      if (is_cmake_list(file)) read_list(file);
      if (!is_source(file)) continue;
      for (const Include& include : includes_of(file.text)) {
        note_use(file, include);
        check_layer(file, include);
        check_confined(file, include);
        check_public(file, include);
      }
    }
    for (const SourceFile& file : files_) check_reached(file);
    return std::move(breaches_);
  }

 private:
  void report(const SourceFile& file, std::string what) {
    breaches_.push_back(file.path + ": " + std::move(what));
  }

  // The words of a CMakeLists.txt are taken as names relative to its folder.
  void read_list(const SourceFile& file) {
    std::string text = file.text;
    std::ranges::replace_if(
        text, [](char c) { return c == '(' || c == ')' || c == '"'; }, ' ');
    std::istringstream words(text);
    for (std::string word; words >> word;) listed_.insert(folder_of(file.path) + word);
  }

  void note_use(const SourceFile& file, const Include& include) {
    used_.insert(include.header);                         // from the root, or from include/
    used_.insert(folder_of(file.path) + include.header);  // beside it
    used_.insert(std::string(first_folder(file.path)) + "/" + include.header);  // from tests/
  }

  void check_layer(const SourceFile& file, const Include& include) {
    const std::string_view module = first_folder(file.path);
    const std::string_view other = module_of_header(include.header);
    const Layer* layer = layer_of(module);
    if (layer != nullptr && !other.empty() &&
        std::ranges::find(layer->may_include, other) == layer->may_include.end()) {
      report(file, "includes " + include.header + ", but " + std::string(module) +
                       " may not include " + std::string(other));
    }
    const bool is_private = !other.empty() && !include.header.starts_with("covey/");
    if (is_private && other != module && module != "tests") {
      report(file, "includes " + include.header + ", a private header of " + std::string(other));
    }
  }

  void check_confined(const SourceFile& file, const Include& include) {
    for (const Confined& rule : kConfined) {
      if (!starts_with_any(include.header, rule.headers) || is_in_any(file.path, rule.places))
        continue;
      report(file,
             "includes " + include.header + ", but this is no place for " + std::string(rule.what));
    }
  }

  // The headers of std are those in <> whose names have neither a dot nor a slash.
  void check_public(const SourceFile& file, const Include& include) {
    if (!public_name(file)) return;
    const bool is_std =
        include.is_angled && include.header.find_first_of("./") == std::string::npos;
    const bool is_ours = !include.is_angled && include.header.starts_with("covey/") &&
                         !include.header.starts_with("covey/v1/");
    const bool is_torch =
        include.header.starts_with("torch/") && file.path.starts_with(kTorchHeaders);
    if (!is_std && !is_ours && !is_torch) {
      report(file, "is public and includes " + include.header +
                       ", which is neither std's nor a public header of Covey");
    }
  }

  // No file lies about that nothing builds.
  void check_reached(const SourceFile& file) {
    if (!is_source(file)) return;
    if (is_header(file) && file.text.find("#pragma once") == std::string::npos) {
      report(file, "has no #pragma once");
    }
    if (!is_header(file)) {
      if (!listed_.contains(file.path)) report(file, "is in no CMakeLists.txt");
      return;
    }
    if (const auto name = public_name(file)) {
      const std::string folder = file.path.substr(
          0, file.path.size() - name->size() - std::string_view("include/").size());
      if (!listed_.contains(folder + *name)) report(file, "is in no CMakeLists.txt");
    } else if (!used_.contains(file.path)) {
      report(file, "is included by no file");
    }
  }

  const std::vector<SourceFile>& files_;
  std::set<std::string> listed_;  // paths from the root
  std::set<std::string> used_;
  std::vector<std::string> breaches_;
};

}  // namespace

std::vector<std::string> breaches(const std::vector<SourceFile>& files) {
  return Checker(files).run();
}

}  // namespace covey::layering
