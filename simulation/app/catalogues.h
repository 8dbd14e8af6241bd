#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace covey::simulation {

// What a task file can name.
struct Listed {
  std::string name;
  std::string summary;   // one line
  std::string settings;  // which settings it looks at; where it comes from
};
using Catalogue = std::vector<Listed>;

// Where they come from: those of data and networks are their own modules', and the networks' needs
// LibTorch to be linked.
struct Catalogues {
  std::function<Catalogue()> datasets;
  std::function<Catalogue()> partitions;
  std::function<Catalogue()> models;
  std::function<Catalogue()> strategies;
};

// [aggregation] strategy; FedProx, which is a setting of the devices, is among them.
Catalogue strategy_catalogue();

}  // namespace covey::simulation
