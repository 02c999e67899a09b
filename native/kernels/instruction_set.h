// Which compilation of the computing functions is in use.
#pragma once

#include <string>
#include <vector>

#include "compute/table.h"

namespace ncfm {

// Those that this processor can run, best first; the best one is in use from the start, or the one that the environment
// variable NCFM_INSTRUCTION_SET names.
std::vector<std::string> instructionSets();

// Only while no operator runs: tests compare the compilations this way.
void useInstructionSet(const std::string& name);

}  // namespace ncfm
