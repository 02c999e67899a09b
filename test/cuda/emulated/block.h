// The threads of one block, which take turns: each runs until it waits for others.
#pragma once

namespace emulated {

constexpr int warpThreads = 32;

// As waitForBlock, for the threads of a warp.
void waitForWarp();

// The place of the thread whose turn it is within its block.
int currentThread();

// Whether tensor cores give half of what they should: a card that the kernels are wrong on.
extern bool tensorCoresAreWrong;

}  // namespace emulated
