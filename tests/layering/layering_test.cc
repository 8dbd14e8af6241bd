#include "layering/layering_rules.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string_view>

#include "support/catch.h"

using namespace covey::layering;

namespace {

// A file that includes `header` ("<vector>" or "covey/…"), in a tree where all else is in order.
std::vector<std::string> breaches_of(const std::string& path, const std::string& header) {
  const std::string quoted = header.starts_with('<') ? header : '"' + header + '"';
  std::vector<SourceFile> tree{{path, "#pragma once\n#include " + quoted + "\n"}};
  const std::size_t include = path.find("/include/");
  if (include != std::string::npos) {
    tree.push_back({path.substr(0, include + 1) + "CMakeLists.txt", path.substr(include + 9)});
  } else {
    tree.push_back({"CMakeLists.txt", path});
    tree.push_back({"CMakeLists.txt", "tests/user.cc"});
    tree.push_back({"tests/user.cc", "#include \"" + path + "\"\n"});
  }
  return breaches(tree);
}

struct Case {
  std::string_view path;
  std::string_view header;
};

const Case kAllowed[] = {
    {"crypto/src/aead.cc", "<sodium.h>"},
    {"crypto/src/aead.cc", "<openssl/evp.h>"},
    {"crypto/src/mask_kernel.cc", "<immintrin.h>"},
    {"crypto/src/insecure_seeded_random.cc", "covey/crypto/insecure_seeded_random.h"},
    {"tests/crypto/aead_test.cc", "<sodium.h>"},
    {"tests/crypto/aead_test.cc", "covey/crypto/insecure_seeded_random.h"},
    {"tests/client/agent_test.cc", "covey/coordinator/round.h"},
    {"aggregation/secagg/keys.cc", "covey/crypto/hkdf.h"},
    {"aggregation/secagg/keys.cc", "covey/base/bytes.h"},
    {"aggregation/secagg/keys.cc", "aggregation/secagg/keys.h"},
    {"aggregation/secagg/keys.cc", "keys.h"},
    {"aggregation/wire/secagg_wire.cc", "covey/v1/secagg.pb.h"},
    {"aggregation/merge/fed_avg.cc", "<Eigen/Core>"},
    {"client/agent.cc", "covey/aggregation/secagg/client_session.h"},
    {"client/torch/trainer.cc", "<torch/torch.h>"},
    {"client/include/covey/client/torch/trainer.h", "<torch/torch.h>"},
    {"tests/client/torch_support.cc", "<torch/torch.h>"},
    {"client/torch/zoo.cc", "covey/datasets/examples.h"},
    {"datasets/src/idx.cc", "datasets/src/pen.h"},
    {"client/grpc/transport.cc", "<grpcpp/grpcpp.h>"},
    {"client/grpc/transport.cc", "covey/proto/channel.h"},
    {"coordinator/grpc/service.cc", "covey/proto/status.h"},
    {"proto/grpc/status.cc", "<grpcpp/support/status.h>"},
    {"proto/grpc/status.cc", "covey/crypto/certificate.h"},
    {"tests/proto/tls_test.cc", "<grpcpp/grpcpp.h>"},
    {"client/grpc/transport.cc", "covey/v1/coordinator.grpc.pb.h"},
    {"coordinator/store/sqlite_store.cc", "<sqlite3.h>"},
    {"simulation/world.cc", "covey/crypto/insecure_seeded_random.h"},
    {"simulation/world.cc", "covey/coordinator/round.h"},
    {"simulation/world.cc", "covey/client/agent.h"},
    {"simulation/app/run.cc", "covey/shell/table.h"},
    {"cli/main.cc", "covey/shell/table.h"},
    {"cli/main.cc", "<cxxopts.hpp>"},
    {"crypto/include/covey/crypto/aead.h", "<span>"},
    {"crypto/include/covey/crypto/aead.h", "covey/base/bytes.h"},
};

const Case kForbidden[] = {
    {"aggregation/secagg/keys.cc", "<sodium.h>"},
    {"aggregation/secagg/keys.cc", "<sodium/crypto_kdf.h>"},
    {"coordinator/app/main.cc", "<openssl/evp.h>"},
    {"crypto/src/aead.cc", "<immintrin.h>"},
    {"tests/crypto/aead_test.cc", "<immintrin.h>"},
    {"crypto/src/random.cc", "covey/crypto/insecure_seeded_random.h"},
    {"aggregation/secagg/keys.cc", "covey/crypto/insecure_seeded_random.h"},
    {"client/agent.cc", "covey/crypto/insecure_seeded_random.h"},
    {"coordinator/round.cc", "covey/crypto/insecure_seeded_random.h"},
    {"examples/first.cc", "covey/crypto/insecure_seeded_random.h"},
    {"crypto/src/aead.cc", "covey/aggregation/ring/packing.h"},
    {"aggregation/secagg/keys.cc", "covey/client/agent.h"},
    {"client/agent.cc", "covey/coordinator/round.h"},
    {"client/agent.cc", "coordinator/round.h"},
    {"coordinator/round.cc", "covey/client/agent.h"},
    {"coordinator/round.cc", "covey/simulation/world.h"},
    {"coordinator/round.cc", "aggregation/secagg/keys.h"},
    {"simulation/world.cc", "covey/cli/arguments.h"},
    {"examples/first.cc", "aggregation/secagg/keys.h"},
    {"aggregation/secagg/keys.cc", "covey/v1/secagg.pb.h"},
    {"coordinator/round.cc", "<google/protobuf/arena.h>"},
    {"aggregation/ring/rotation.cc", "<Eigen/Core>"},
    {"coordinator/round.cc", "<torch/torch.h>"},
    {"tests/client/trainer_test.cc", "<torch/torch.h>"},
    {"client/include/covey/client/trainer.h", "<torch/torch.h>"},
    {"client/include/covey/client/torch/trainer.h", "<ATen/Parallel.h>"},
    {"datasets/src/idx.cc", "covey/client/trainer.h"},
    {"coordinator/round.cc", "covey/datasets/examples.h"},
    {"coordinator/round.cc", "covey/shell/table.h"},
    {"shell/src/table.cc", "covey/simulation/round_result.h"},
    {"coordinator/round.cc", "<grpcpp/grpcpp.h>"},
    {"coordinator/round.cc", "covey/proto/channel.h"},
    {"aggregation/secagg/keys.cc", "covey/proto/channel.h"},
    {"proto/grpc/status.cc", "covey/client/agent.h"},
    {"proto/include/covey/proto/status.h", "<grpcpp/support/status.h>"},
    {"simulation/world.cc", "<sqlite3.h>"},
    {"aggregation/include/covey/aggregation/ring/packing.h", "<nlohmann/json.hpp>"},
    {"aggregation/include/covey/aggregation/ring/packing.h", "<cxxopts.hpp>"},
    {"aggregation/include/covey/aggregation/ring/packing.h", "aggregation/ring/quantizer.h"},
    {"aggregation/include/covey/aggregation/ring/packing.h", "quantizer.h"},
    {"crypto/include/covey/crypto/aead.h", "<sodium.h>"},
};

std::vector<SourceFile> whole_tree() {
  namespace fs = std::filesystem;
  const fs::path root(COVEY_SOURCE_DIR);
  std::vector<SourceFile> files;
  for (const char* folder : {"crypto", "proto", "aggregation", "settings", "shell", "datasets",
                             "client", "coordinator", "simulation", "cli", "examples", "tests"}) {
    if (!fs::exists(root / folder)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(root / folder)) {
      const fs::path& path = entry.path();
      if (path.extension() != ".h" && path.extension() != ".cc" &&
          path.filename() != "CMakeLists.txt")
        continue;
      std::ifstream in(path, std::ios::binary);
      files.push_back({path.lexically_relative(root).generic_string(),
                       {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()}});
    }
  }
  return files;
}

}  // namespace

TEST_CASE("the rules let pass what the house allows", "[layering]") {
  for (const auto& [path, header] : kAllowed) {
    INFO(path << " includes " << header);
    CHECK(breaches_of(std::string(path), std::string(header)).empty());
  }
}

TEST_CASE("the rules find every include that the house forbids", "[layering]") {
  for (const auto& [path, header] : kForbidden) {
    INFO(path << " includes " << header);
    const auto found = breaches_of(std::string(path), std::string(header));
    REQUIRE_FALSE(found.empty());
    CHECK(found.front().starts_with(std::string(path) + ": "));
  }
}

TEST_CASE("the rules see an include however it is spaced", "[layering]") {
  for (const char* text :
       {"#include <sodium.h>", "  #  include\t<sodium.h>  // why", "#include<sodium.h>\r"}) {
    INFO(text);
    CHECK(breaches({{"client/CMakeLists.txt", "agent.cc"}, {"client/agent.cc", text}}).size() == 1);
  }
  CHECK(breaches(
            {{"client/CMakeLists.txt", "agent.cc"}, {"client/agent.cc", "// #include <sodium.h>"}})
            .empty());
}

TEST_CASE("the rules find files that nothing builds", "[layering]") {
  const SourceFile source{"client/agent.cc", ""};
  CHECK(breaches({source, {"client/CMakeLists.txt", "add_library(x agent.cc)"}}).empty());
  CHECK(breaches({source, {"client/CMakeLists.txt", "add_library(x old_agent.cc)"}}).size() == 1);
  CHECK(breaches({source, {"coordinator/CMakeLists.txt", "agent.cc"}}).size() == 1);

  const SourceFile header{"client/include/covey/client/agent.h", "#pragma once\n"};
  CHECK(breaches({header, {"client/CMakeLists.txt", "HEADERS covey/client/agent.h)"}}).empty());
  CHECK(breaches({header, {"client/CMakeLists.txt", ""}}).size() == 1);

  const SourceFile detail{"client/detail.h", "#pragma once\n"};
  const SourceFile list{"client/CMakeLists.txt", "agent.cc"};
  CHECK(breaches({detail, list, {"client/agent.cc", "#include \"client/detail.h\"\n"}}).empty());
  CHECK(breaches({detail, list, source}).size() == 1);
}

TEST_CASE("the rules find a header that can be included twice", "[layering]") {
  const SourceFile list{"client/CMakeLists.txt", "covey/client/agent.h"};
  CHECK(breaches({list, {"client/include/covey/client/agent.h", "#ifndef X\n"}}).size() == 1);
}

TEST_CASE("the tree keeps the rules of the house", "[layering]") {
  const std::vector<SourceFile> tree = whole_tree();
  REQUIRE(tree.size() > 100);
  for (const std::string& breach : breaches(tree)) FAIL_CHECK(breach);
}
