#include "simulation/app/catalogues.h"

namespace covey::simulation {

Catalogue strategy_catalogue() {
  return {
      {"fedavg", "the weighted mean of what the devices have learned [McMahan17]",
       "server_learning_rate = 1"},
      {"fedavgm", "FedAvg with momentum on the server, for unlike devices [Hsu19]",
       "server_learning_rate = 1, server_momentum = 0.9"},
      {"fedadagrad", "Adagrad on the server: rates that fall where much was learned [Reddi21]",
       "server_learning_rate = 0.01, server_beta1 = 0, server_epsilon = 0.001"},
      {"fedadam", "Adam on the server: a rate for each coordinate [Reddi21]",
       "server_learning_rate = 0.01, server_beta1 = 0.9, server_beta2 = 0.99, "
       "server_epsilon = 0.001"},
      {"fedyogi", "as FedAdam, but rates rise more slowly after quiet rounds [Reddi21]",
       "server_learning_rate = 0.01, server_beta1 = 0.9, server_beta2 = 0.99, "
       "server_epsilon = 0.001"},
      {"fedsgd", "one step of each device on all its examples: the baseline of [McMahan17]",
       "train.learning_rate, server_learning_rate = 1"},
      {"fedprox", "strategy = \"fedavg\" and a pull towards the global model on devices [Li20]",
       "train.fedprox_mu = 0, for instance 0.01"},
  };
}

}  // namespace covey::simulation
