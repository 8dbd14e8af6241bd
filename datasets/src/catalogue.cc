#include <array>

#include "covey/datasets/federated_dataset.h"

namespace covey::datasets {
namespace {

constexpr std::array<CatalogueEntry, 8> kDatasets = {{
    {"handwriting", "drawn digits, 1 x 28 x 28, 10 classes; no file is needed",
     "examples (200, a device's), test_examples (2,000), seed"},
    {"mnist", "handwritten digits, 1 x 28 x 28, 10 classes, with writers where QMNIST's labels are",
     "path: folder of the four files under their original names"},
    {"idx", "images as EMNIST and Fashion-MNIST are published, classes by their labels",
     "path: folder of four IDX files, or the beginning of their names"},
    {"cifar10", "photographs, 3 x 32 x 32, 10 classes, the binary version",
     "path: folder of data_batch_1.bin to data_batch_5.bin and test_batch.bin"},
    {"csv", "a table of your own: numbers and categories, a class or a number to learn",
     "path: file, or folder of train.csv and test.csv; csv_schema"},
    {"text", "plays: the next character at each place of a window, 90 classes",
     "path: file, or folder of input.txt; window (80 characters)"},
    {"turbofan", "NASA's C-MAPSS FD001: an engine's remaining life, from its sensors",
     "path: folder of train_FD001.txt, test_FD001.txt and RUL_FD001.txt; window (30 cycles)"},
    {"synthetic",
     "synthetic(alpha, beta) of FedProx: 60 features, 10 classes, sizes by a power law",
     "alpha (0.5), beta (0.5), exponent (1), examples (200, on average), seed"},
}};

constexpr std::array<CatalogueEntry, 5> kPartitions = {{
    {"natural", "whole writers, speakers, engines, … for each device",
     "devices (100; 0: one for each), seed"},
    {"iid", "shuffled, the same number for each device", "devices (100), seed"},
    {"shards", "sorted by class and cut; each device has a few pieces, so few classes",
     "devices (100), shards (2), seed"},
    {"dirichlet", "classes in proportions of each device's own, the same number for each",
     "devices (100), alpha (0.5; smaller: fewer classes a device), seed"},
    {"quantity", "shuffled, in sizes by a power law, at least one example each",
     "devices (100), exponent (1; 0: even), seed"},
}};

}  // namespace

std::span<const CatalogueEntry> dataset_catalogue() { return kDatasets; }
std::span<const CatalogueEntry> partition_catalogue() { return kPartitions; }

}  // namespace covey::datasets
