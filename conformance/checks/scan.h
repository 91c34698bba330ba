// Looking for traces that a host may not leave: text in the files of a folder, on command lines,
// names in the file system.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace touchstone {

// The first file below the folder whose bytes contain the text.
std::optional<std::filesystem::path> FileWith(const std::filesystem::path& folder,
                                              std::string_view text);

// The paths of everything below the folder, relative to it, but not what is below `except`.
std::set<std::string> PathsBelow(const std::filesystem::path& folder,
                                 const std::filesystem::path& except);

// The words of a process's command line, each ended by a space; empty when it is gone.
std::string CommandLineOf(pid_t pid);

// All living processes of the machine on whose command line the text occurs (zombies have none).
std::vector<pid_t> ProcessesWith(std::string_view text);

// The processor time that a process and its threads have used.
std::optional<std::chrono::milliseconds> ProcessorTimeOf(pid_t pid);

}  // namespace touchstone
