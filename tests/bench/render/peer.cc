/* peer TEMPLATE CONTEXT.json SECONDS OUT: as bench_render's `text`, by mstch, a Mustache in C++. */
#include <ctime>
#include <fstream>
#include <iostream>
#include <jansson.h>
#include <mstch/mstch.hpp>
#include <sstream>

static mstch::node node_of(json_t *j)
{
	if (json_is_string(j))
		return std::string(json_string_value(j));
	mstch::array all;
	mstch::map map;
	const char *key;
	json_t *value;
	size_t i;

	json_array_foreach(j, i, value) all.push_back(node_of(value));
	json_object_foreach(j, key, value) map[key] = node_of(value);
	if (json_is_array(j))
		return all;
	return map;
}

static double cpu_seconds()
{
	timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return double(t.tv_sec) + double(t.tv_nsec) / 1e9;
}

int main(int argc, char **argv)
{
	if (argc != 5)
		return 2;
	std::ifstream file(argv[1]);
	std::stringstream text;
	text << file.rdbuf();
	mstch::node context = node_of(json_load_file(argv[2], 0, nullptr));
	std::string out = mstch::render(text.str(), context);
	double start = cpu_seconds(), now = start, seconds = atof(argv[3]);
	unsigned long n = 0;
	for (; n % 64 || now < start + seconds; n++, now = n % 64 ? now : cpu_seconds())
		out = mstch::render(text.str(), context);
	std::ofstream(argv[4]) << out;
	printf("renders=%lu cpu_ns=%.0f\n", n, (now - start) * 1e9);
}
