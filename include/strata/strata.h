/* Strata for C99, and for every language that calls C: training, prediction, models and what is inside of them, without a
 * C++ type, an exception or a variable. (strata.hpp has more: checkpoints, cross-validation, the functions of the notes.)
 *
 * - What can fail returns a strata_status: STRATA_OK, or why not; strata_last_error then says more. Nothing was made in that
 *   case, and what was handed in is as it was. A pointer that must not be null and is, is STRATA_USAGE.
 * - Texts are UTF-8 and end with a zero. Options have the names and the texts of docs/parameters.md.
 * - A handle is made by the functions that have a place for it as their last argument, and goes with its strata_..._free,
 *   which takes a null pointer too. What is read from a handle (a pointer to its bytes, its numbers) lives as long as it.
 * - Any number of threads may use one handle, as long as none of them changes it (a pointer to it that is not const) or
 *   frees it. No result depends on the number of threads.
 * - A function of the caller's that is handed in is called by the thread that calls Strata, and throws nothing. What it is
 *   given by a pointer lives as long as it runs.
 * - JSON is that of the program's --json, an object in one line; what is not a number there is null. */
#ifndef STRATA_STRATA_H
#define STRATA_STRATA_H

#include <stddef.h>
#include <stdint.h>

#include "strata/arrow.h"

#define STRATA_C_API __attribute__((visibility("default")))

/* Goes up where a program that was compiled with an earlier header could no longer work. */
#define STRATA_ABI_VERSION 1

#ifdef __cplusplus
extern "C" {
#endif

/* --- what went wrong --- */

typedef enum strata_status {
  STRATA_OK = 0,
  STRATA_USAGE = 1,       /* an option, a column or a name that does not exist or does not fit */
  STRATA_NOT_FOUND = 2,   /* a file that is not there */
  STRATA_IO = 3,          /* the system refused to read or write */
  STRATA_FORMAT = 4,      /* a file that is not what it should be: damaged, foreign, or newer than this library */
  STRATA_SHAPE = 5,       /* sizes that do not fit together */
  STRATA_VALUE = 6,       /* a number or a word where another was expected (NaN, text, an unknown class) */
  STRATA_UNSUPPORTED = 7, /* a valid request that this version cannot carry out */
  STRATA_DIVERGED = 8,    /* the training produced infinities or NaN */
  STRATA_MEMORY = 9,      /* more memory is needed than there is */
  STRATA_INTERNAL = 10,   /* a fault of Strata itself */
  STRATA_STOPPED = 11     /* a function of the caller's returned something else than 0 */
} strata_status;

typedef struct strata_error {
  strata_status status;
  const char* message;  /* what was expected, what was found, where (file, line, column, row, layer), and what helps */
  const char* function; /* that failed: "strata_train" */
} strata_error;

/* Of the last call of this thread that failed; STRATA_OK, and empty texts, where none did. Its texts live until the next
 * one fails. Never null. */
STRATA_C_API const strata_error* strata_last_error(void);

/* --- texts and bytes that a call gives --- */

typedef struct strata_bytes strata_bytes;
/* Behind the last byte stands a zero that does not count: of a text, this is the text. */
STRATA_C_API const char* strata_bytes_data(const strata_bytes* bytes);
STRATA_C_API size_t strata_bytes_size(const strata_bytes* bytes);
STRATA_C_API void strata_bytes_free(strata_bytes* bytes);

/* --- the library --- */

/* "0.1.0" */
STRATA_C_API const char* strata_version(void);
/* The STRATA_ABI_VERSION that the library was made with; a program whose own is another one must not go on. */
STRATA_C_API int strata_abi_version(void);
/* What this build, this machine and this installation can do, each thing tried, as JSON. */
STRATA_C_API strata_status strata_diagnose(strata_bytes** json);

typedef enum strata_spelling {
  STRATA_SPELL_COMMAND_LINE = 0, /* --learning-rate 0.01 */
  STRATA_SPELL_PYTHON = 1        /* learning_rate=0.01 */
} strata_spelling;
/* How the messages of the whole process name an option: a strata_spelling. For a binding, once, at its beginning. */
STRATA_C_API strata_status strata_spell_options(int spelling);

/* --- options --- */

typedef struct strata_options strata_options;
/* All of them have their defaults. */
STRATA_C_API strata_status strata_options_new(strata_options** options);
STRATA_C_API strata_status strata_options_copy(const strata_options* options, strata_options** copy);
STRATA_C_API void strata_options_free(strata_options* options);
/* Sets one from its text: "hidden-layers" (or hidden_layers), "64,32". What was set last counts. */
STRATA_C_API strata_status strata_options_set(strata_options* options, const char* name, const char* value);
/* Begins with a named set of options, "plain", "realmlp" or "classic"; those that are set, before it or later, override it.
 * Null: none, as at first. */
STRATA_C_API strata_status strata_options_set_recipe(strata_options* options, const char* recipe);
/* The text of one as it stands. */
STRATA_C_API strata_status strata_options_get(const strata_options* options, const char* name, strata_bytes** value);
/* {"options": [{"name", "value", "group", "default", "range", "help"}, …], "recipes": […]} */
STRATA_C_API strata_status strata_describe_options(strata_bytes** json);

/* --- tables --- */

typedef enum strata_type {
  STRATA_U8 = 0,
  STRATA_I8 = 1,
  STRATA_U16 = 2,
  STRATA_I16 = 3,
  STRATA_U32 = 4,
  STRATA_I32 = 5,
  STRATA_U64 = 6,
  STRATA_I64 = 7,
  STRATA_F32 = 8,
  STRATA_F64 = 9
} strata_type;

/* Numbers in memory of the caller's, which a table reads where they are and never writes. */
typedef struct strata_numbers {
  const void* data; /* the first number of the first row, aligned for its type */
  int type; /* a strata_type */
  size_t rows;
  const size_t* shape; /* of a row, whose numbers follow each other in C order; null with 0 dimensions: one number */
  size_t dimensions;
  ptrdiff_t stride; /* bytes from one row to the next; negative: backwards; 0: each begins where the one before it ends */
  /* Lets go of the memory, which does not change before; null: it outlives the table. Called exactly once, with `context`,
   * also where the call fails. */
  void (*release)(void* context);
  void* context;
} strata_numbers;

typedef struct strata_table strata_table;
/* `name`: what messages and the record of a model call the data; null: "the table". */
STRATA_C_API strata_status strata_table_new(const char* name, strata_table** table);
/* Reads files as a training does: CSV (several of them are one table), HDF5, NPY, NPZ, IDX, what `strata convert` wrote.
 * `options`: those of reading; or null. */
STRATA_C_API strata_status strata_table_read(const char* const* files, size_t count, const strata_options* options,
                                             strata_table** table);
STRATA_C_API void strata_table_free(strata_table* table);
STRATA_C_API size_t strata_table_rows(const strata_table* table);
/* A table whose columns are what a CSV file of the same cells would have: they are judged where it is trained on, and read as
 * the model knows them where that predicts. `name`: null: "the frame". */
STRATA_C_API strata_status strata_table_new_frame(const char* name, strata_table** table);
/* The columns of a table in the form of the Arrow C data interface, which is taken over and released whatever comes of it.
 * All of them are added, or none. */
STRATA_C_API strata_status strata_table_add_arrow(strata_table* table, struct ArrowArrayStream* stream);
/* Both at once. */
STRATA_C_API strata_status strata_table_from_arrow(const char* name, struct ArrowArrayStream* stream, strata_table** table);
/* A named field of numbers. In one of a number a row NaN is a missing one, in one of several no number may be. Errors: shape
 * (another number of rows), usage (the name is taken), value (a whole number that float64 cannot hold exactly). */
STRATA_C_API strata_status strata_table_add_numbers(strata_table* table, const char* name, const strata_numbers* numbers);
/* The numbers of a matrix, a field for each of its columns: names[j] has the rows of data + j·column_stride bytes. The shape
 * of `numbers` has no dimensions; `release` is called once. All of the fields are added, or none. */
STRATA_C_API strata_status strata_table_add_columns(strata_table* table, const char* const* names, size_t columns,
                                                    const strata_numbers* numbers, ptrdiff_t column_stride);
/* A named field of words, which are copied; a null pointer is a missing one. */
STRATA_C_API strata_status strata_table_add_texts(strata_table* table, const char* name, const char* const* values,
                                                  size_t rows);
/* What `strata describe --json` prints. `target`: a field of it; null: the last one, where all are columns. */
STRATA_C_API strata_status strata_table_describe(const strata_table* table, const char* target, strata_bytes** json);

/* --- models --- */

typedef struct strata_model strata_model;
STRATA_C_API strata_status strata_model_load(const char* file, strata_model** model);
/* Replaces `file` by the complete model or leaves it as it was. */
STRATA_C_API strata_status strata_model_save(const strata_model* model, const char* file);
/* The same from and to memory: the bytes of the file. */
STRATA_C_API strata_status strata_model_from_bytes(const void* data, size_t size, strata_model** model);
STRATA_C_API strata_status strata_model_to_bytes(const strata_model* model, strata_bytes** bytes);
STRATA_C_API void strata_model_free(strata_model* model);
/* What `strata inspect --json` prints: "inputs" (of each its "name", "type" and "levels"), "columns", "target", "task",
 * "classes" in the order of the labels of a prediction, "layers", "networks", "training". */
STRATA_C_API strata_status strata_model_describe(const strata_model* model, strata_bytes** json);
/* One of the matrices that a network has learned, under its name in docs/notation.md: "W1", "b1", "a1" (slopes) of each
 * layer, "F", "phi", "U", "V", "c", "E", "s" of a stage in front of them. Its rows and cols, and (where `values` is not null,
 * which then holds `count` numbers, at least rows·cols) its numbers, column after column. `network` counts from 0. */
STRATA_C_API strata_status strata_model_parameters(const strata_model* model, size_t network, const char* name, size_t* rows,
                                                   size_t* cols, double* values, size_t count);
/* How many numbers a prediction has for a row: the probabilities of the classes (two, of yes and no too), or the targets. */
STRATA_C_API size_t strata_model_columns(const strata_model* model);
/* Predicts all rows of a table, whose fields are found by their names. `values`: for rows·columns numbers, row after row; of
 * them there are `count`. `labels`: for a number for each row, which of the classes is the most likely; null where they are
 * not wanted, or the model predicts numbers. `threads`: 0: as STRATA_THREADS says, else as many as the process may use.
 * `notes`: gets sentences on what no training row had, a JSON list; or null. */
STRATA_C_API strata_status strata_model_predict(const strata_model* model, const strata_table* table, int threads,
                                                double* values, size_t count, int64_t* labels, strata_bytes** notes);
/* What `strata evaluate --json` prints. `weight_column`: how much each row counts; or null. */
STRATA_C_API strata_status strata_model_evaluate(const strata_model* model, const strata_table* table, int threads,
                                                 const char* weight_column, strata_bytes** json);

/* A model made ready to predict: nothing but the arithmetic is left for a call, which allocates nothing and takes no lock. */
typedef struct strata_predictor strata_predictor;
STRATA_C_API strata_status strata_predictor_new(const strata_model* model, strata_predictor** predictor);
STRATA_C_API void strata_predictor_free(strata_predictor* predictor);
STRATA_C_API size_t strata_predictor_inputs(const strata_predictor* predictor);
STRATA_C_API size_t strata_predictor_outputs(const strata_predictor* predictor);
/* A (m, outputs) of X (m, inputs), both in C order: raw inputs, as in the data; a category or a yes or no is the number of
 * its level in "levels", counted from 0, or how many levels there are, for any other word; a date is its days since
 * 1970-01-01; NaN, where one is missing. The activations of the last layer: the probability of the second of two classes, of
 * every class, or the values in the units of the target. f32: of models in float32 and bf16; f64: of all, whose numbers are
 * rounded, where they are, once they are scaled, as those of a table are. */
STRATA_C_API strata_status strata_predictor_predict_f32(const strata_predictor* predictor, const float* X, size_t m, float* A);
STRATA_C_API strata_status strata_predictor_predict_f64(const strata_predictor* predictor, const double* X, size_t m,
                                                        double* A);

/* --- training --- */

typedef struct strata_progress {
  int64_t iteration;  /* updates done */
  int64_t iterations; /* in all */
  int64_t epoch;      /* whole passes done */
  double cost;        /* of the last update */
} strata_progress;

typedef struct strata_cost {
  int64_t iteration;
  int64_t epoch;
  double cost; /* of the parameters before the update, on its batch, with L2 */
  size_t fold; /* of a bag: which is trained, 1: the first; else 0 */
} strata_cost;

typedef struct strata_epoch {
  int64_t epoch; /* 1: after the first */
  int64_t iteration;
  double mean_cost; /* over its batches */
  size_t fold;      /* as of a strata_cost */
  const char* json; /* what `strata train --json` prints: all of this, and the figures that were measured */
} strata_epoch;

/* Any of them may be null. One that returns something else than 0 ends the call with STRATA_STOPPED, and nothing is kept;
 * but `stop` ends the training with what is trained. */
typedef struct strata_callbacks {
  size_t size; /* sizeof(strata_callbacks): a later version may have more */
  void* context;
  /* Seconds at least from one call of `progress` to the next, and of `stop`: for callers to whom a call is dear. 0: both are
   * called after every update. `stop` is called after `epoch` in any case. */
  double pause;
  int (*cost)(void* context, const strata_cost* cost);
  int (*epoch)(void* context, const strata_epoch* epoch);
  int (*part)(void* context, const char* json); /* after each fold of a bag: what `strata train --json` prints of it */
  int (*progress)(void* context, const strata_progress* progress);
  int (*note)(void* context, const char* sentence);    /* a choice that was made, and why */
  int (*warning)(void* context, const char* sentence); /* what the user probably did not mean */
  int (*stop)(void* context);
} strata_callbacks;

typedef struct strata_fit strata_fit;
/* Trains on a table, which stays as it is. `callbacks`: or null. */
STRATA_C_API strata_status strata_train(const strata_table* table, const strata_options* options,
                                        const strata_callbacks* callbacks, strata_fit** fit);
/* Trains on files, as `strata train` does: the same options give the same model, bit for bit. */
STRATA_C_API strata_status strata_train_files(const char* const* files, size_t count, const strata_options* options,
                                              const strata_callbacks* callbacks, strata_fit** fit);
/* Trains a model further with other data: its columns, target and network stay, and its training is repeated from the
 * weights that it has. Of `options`, which may be null, those that are set say what is to be otherwise. */
STRATA_C_API strata_status strata_continue(const strata_table* table, const strata_model* model,
                                           const strata_options* options, const strata_callbacks* callbacks,
                                           strata_fit** fit);
STRATA_C_API void strata_fit_free(strata_fit* fit);
/* The model, which from then on is the caller's. A second time is STRATA_USAGE. */
STRATA_C_API strata_status strata_fit_model(strata_fit* fit, strata_model** model);
/* What `strata train --json` prints at the end: how it ended, and the figures. */
STRATA_C_API strata_status strata_fit_describe(const strata_fit* fit, strata_bytes** json);
/* Of a bag: how many rows were predicted by the networks that were not trained on them. Else 0. */
STRATA_C_API size_t strata_fit_out_of_fold_rows(const strata_fit* fit);
/* Which rows of the data these are, counted from 0, ascending, and for each strata_model_columns numbers, row after row:
 * `rows` and `values` have room for all of them, or are null. */
STRATA_C_API strata_status strata_fit_out_of_fold(const strata_fit* fit, int64_t* rows, double* values);
/* What `strata train --dry-run --json` prints: what a training would do. Of the callbacks it uses note and warning. */
STRATA_C_API strata_status strata_plan(const strata_table* table, const strata_options* options,
                                       const strata_callbacks* callbacks, strata_bytes** json);

/* --- looking inside --- */

/* A matrix of the equations, in float64 whatever the model's precision. */
typedef struct strata_matrix {
  const char* name;     /* "X", "Z", "A", "dA", "dZ", "dW", "db", "Y", … */
  const char* equation; /* "Z[2] = W[2] A[1] + b[2]" */
  const char* file;     /* a name for each matrix of a trace: "Z2" */
  int layer;            /* 0: the input */
  size_t rows, cols;
  const double* values; /* column after column */
} strata_matrix;

typedef struct strata_trace strata_trace;
/* One forward and one backward pass, with every quantity. `example`: counted from 0; -1: all rows at once. `layer`: -1: all.
 * `network`: of a model of several, counted from 0. */
STRATA_C_API strata_status strata_trace_new(const strata_model* model, const strata_table* table, int64_t example, int layer,
                                            size_t network, strata_trace** trace);
STRATA_C_API void strata_trace_free(strata_trace* trace);
/* Of the rows that were looked at; NaN where the table has no target. */
STRATA_C_API double strata_trace_cost(const strata_trace* trace);
STRATA_C_API size_t strata_trace_matrices(const strata_trace* trace);
STRATA_C_API strata_status strata_trace_matrix(const strata_trace* trace, size_t index, strata_matrix* matrix);

/* Compares every gradient with a difference of the cost, in float64, on the first `examples` rows (0: all); what `strata
 * check-gradients --json` prints. Of a model, or of the network that `options` describe, with its initial weights. */
STRATA_C_API strata_status strata_check_gradients(const strata_model* model, const strata_table* table, size_t examples,
                                                  size_t network, strata_bytes** json);
STRATA_C_API strata_status strata_check_gradients_of(const strata_table* table, const strata_options* options, size_t examples,
                                                     strata_bytes** json);

#ifdef __cplusplus
}
#endif

#endif
