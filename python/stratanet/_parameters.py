"""Made by generate.py from the table of options: change that."""

from typing import Any

from sklearn.base import BaseEstimator


class _Parameters(BaseEstimator):
    def _set(self, given: dict[str, Any]) -> None:
        """The arguments of __init__, as they are."""
        for name, value in given.items():
            if name != "self":
                setattr(self, name, value)


_OF_BOTH = """\
    inputs: What to predict it from. When not given: every other column, without identifiers, free text and constants.
        Default: not set. Values: names, separated by commas.
    scale: How inputs are scaled. standard: mean 0 and standard deviation 1, fitted on the training rows. robust: by
        the median and the quartiles, large numbers bent to at most 3; the columns of yes/no and of categories too.
        quantile: to a normal distribution. auto: 1/255 for 8-bit pixels; quantile where rows are held back without
        being asked for (see --validation); standard for anything else. auto-quantile: 1/255 for 8-bit pixels, else
        quantile. The model remembers it. Default: auto. Values: auto, auto-quantile, standard, 1/255, robust,
        quantile, none.
    impute: What stands for a missing number: the mean or the median of the training rows. Where these lack some, a
        column of its own tells the network which were missing. Default: mean. Values: mean, median.
    one_hot_limit: How many values of a category have a column of their own: the most frequent ones; the others share
        one. Default: 100. Values: a whole number from 1 to 1000000.
    embedding_size: A category with more values than --one-hot-limit becomes so many numbers, learned for each of its
        values; any other word, and a missing cell, have numbers of their own, which begin at 0 and are learned from
        missing cells where training rows have some. Default: none. Values: a whole number from 1 to 1000; none.
    numeric_embedding: pbld: beside each number the network gets 3 numbers more, a learned mixture of 16 cosines of
        learned frequencies and phases. piecewise: in its place the network gets 16 learned functions of it that are
        linear between quantiles of the training rows, at most 48 pieces each. Default: none. Values: none, pbld,
        piecewise.
    missing_target: Rows to train on that lack the target: error, or drop to leave them out. Default: error. Values:
        error, drop.
    weight_column: A column of numbers that says how much each row counts, in all that is fitted and measured; it is no
        input. Rows of weight 0 are left out. Weight 2 is the row twice. Default: not set. Values: a name; '' for none.
    validation: Rows to measure on that are not trained on: a file of their own, or this part of the data, of each
        class as much; last:0.2 is the last fifth of the rows, as they stand or by --time-column. auto: 0.2 with
        --patience N, and for a table of 200 rows or more where none of --patience, --epochs and --iterations is given:
        its best epoch is kept; else none. Default: auto. Values: auto; none; a file; a number greater than 0 and less
        than 1; last: and such a number.
    validation_column: A column that says which rows are held back, instead of --validation: yes or no, 1 or 0,
        validation or train, test or train. It is no input. Default: not set. Values: a name; '' for none.
    folds: Train a bag: the rows are parted in so many folds, of each class as much, and for each fold a network is
        trained on the others; of its epochs, the one that does best on its own fold is kept. The model says the mean
        of all networks, and every row gets a prediction of those that were not trained on it. 5x5: 5 folds, parted 5
        times. auto: 5x5 of at most 500 rows, else 8. It takes the place of --validation. Default: none. Values: none;
        auto; a number from 2 to 100, or two such as 5x5: 5 folds, parted 1 to 100 times.
    select: Which networks of a bag count how much in its mean. none: all alike. greedy: as a greedy selection with
        replacement finds best on the rows of the folds; the candidates are the --members and, with KxR, the partings,
        and those that do not count are left out of the file. Default: none. Values: none, greedy.
    group_column: Rows that have the same in this column, such as a patient or a customer, stay together: whole groups
        are held back, and make the parts of --folds and --cross-validate. It is no input. Default: not set. Values: a
        name; '' for none.
    time_column: The numbers or dates by which --validation last:0.2 finds the last rows. Rows of the same time stay
        together. Default: not set. Values: a name; '' for none.
    decimal: What stands before the decimals. auto: what the columns show. Default: auto. Values: auto, point, comma.
    missing: What stands for a missing cell, beside an empty one, NA, N/A, NaN, null, None, ?, #N/A, - and a point
        alone. Default: not set. Values: words, separated by commas.
    numeric: Columns of numbers, whatever else they seem to be. Default: not set. Values: names or patterns (* any
        text, ? any sign), separated by commas.
    categorical: Columns whose cells are names for a kind of thing, even where they are numbers, or differ in most
        rows. Default: not set. Values: names or patterns (* any text, ? any sign), separated by commas.
    date: Columns of dates or times. Default: not set. Values: names or patterns (* any text, ? any sign), separated by
        commas.
    ignore: Columns that are not to be learned from. Default: not set. Values: names or patterns (* any text, ? any
        sign), separated by commas.
    date_order: How dates of numbers are written: 3.4.2024 is in April (dmy) or in March (mdy). auto: what the whole
        column shows; where it shows neither, the column is left out. Default: auto. Values: auto, dmy, mdy, ymd.
    bad_cells: What becomes of a word in a column of numbers. missing: it counts as one. Default: error. Values: error,
        missing.
    hidden_layers: The units of each hidden layer, from input to output. none: logistic or linear regression. auto:
        64,32; where rows are held back unasked (see --validation) 128,128, or 64,64 of fewer than 2,000 rows. Default:
        auto. Values: auto; whole numbers from 1, separated by commas; none.
    activation: g of the hidden layers: one for all of them, or one for each, separated by commas. auto: relu; with
        --parametrization ntp selu for classes and mish for numbers. Default: auto. Values: auto, identity, sigmoid,
        tanh, relu, leaky-relu, elu, selu, gelu, silu, mish, softplus.
    slopes: learned: a hidden layer is A = Z + a (g(Z) - Z), with a slope a of each unit that begins at 1 and is
        learned; fixed: A = g(Z). Default: fixed. Values: fixed, learned.
    input_scale: learned: each number that goes into the first layer is multiplied by one that begins at 1 and is
        learned. Default: none. Values: none, learned.
    dropout: Training leaves each unit of a hidden layer out with this probability, anew for every example of every
        update: one for all hidden layers, or one for each, separated by commas. Prediction uses all units. auto: 0,
        but with the hidden layers of --recipe plain its own. Default: auto. Values: auto; a number from 0 to less than
        1; several, separated by commas.
    loss: What is minimised, and with it the last activation: sigmoid, softmax, identity. auto: the one that belongs to
        the task; with --parametrization ntp two classes have an output each (softmax). Of numbers, absolute-error and
        huber are moved less by a few that are far off, and quantile predicts what a share of them lies below. Default:
        auto. Values: auto, binary-cross-entropy, categorical-cross-entropy, squared-error, absolute-error, huber,
        quantile.
    initializer: The standard deviation of the normal numbers that weights start from: lecun 1/sqrt(n_in), he
        sqrt(2/n_in), glorot sqrt(2/(n_in+n_out)), normal:0.01 as given; biases start at 0. data: weights and biases by
        the training rows, so that each unit of Z has deviation 1 and its zero among theirs. FILE.npz: your own arrays,
        named W1 (n_1, n_0), b1 (n_1, 1), W2, and so on. Default: he. Values: lecun, he, glorot, normal:NUMBER, zeros,
        data, an .npz file.
    random: Where those numbers come from: strata's own stream, or that of numpy.random.seed(SEED) followed by randn.
        Default: strata. Values: strata, numpy.
    seed: The same seed gives the same run, bit for bit, for any number of threads. Default: 1. Values: a whole number
        from 0 to 18446744073709551615 (numpy: to 4294967295).
    members: So many networks are trained side by side on the same rows, each with a seed of its own, and the model
        says their mean, whose best epoch is that of all of them. A table without options of the network or of its
        training has more than one. Default: 1. Values: a whole number from 1 to 64.
    precision: The numbers that the network computes with. bf16: float32, but products of numbers rounded to bfloat16,
        which are faster on large layers. Default: float32. Values: float32, float64, bf16.
    optimizer: The rule that changes the weights. Default: adam. Values: gradient-descent, momentum, adam, adamw,
        nesterov.
    learning_rate: How far a step goes. auto: 0.001 for adam and adamw, 0.01 for momentum and nesterov, 0.0075 for
        gradient-descent; 0.005 with the cosine of --schedule auto; with --parametrization ntp and adam or adamw 0.04
        for classes, 0.2 for numbers. Default: auto. Values: auto; a number greater than 0.
    rate_factor: The rate of the parameters of a kind, in learning rates: weights:1,biases:2. A kind that is not named
        has 1. Beside these: slopes (of --slopes), numbers (of --numeric-embedding), levels (of --embedding-size),
        scales (of --input-scale). Default: weights:1,biases:1. Values: a number, at least 0 for each kind, separated
        by commas: weights, biases, slopes, numbers, levels, scales.
    parametrization: What a step of the weights is of. ntp: of W times the root of n, the number of inputs of the
        layer, instead of W, so that the rate of W is divided by that root (with gradient-descent, momentum and
        nesterov by n); the decay is not. Default: standard. Values: standard, ntp.
    schedule: How the rate goes from the first update to the last. cosine: down to 0 along half a cosine. step: times
        0.1 after 0.5 and again after 0.75 of them; others as step:0.3@0.4,0.8. one-cycle: up from 1/25 in the first
        0.3, then down to 1/250000. coslog4: four times up from 0 and down to 0, each twice as long as the one before.
        flat-cosine: 1 for the first half, then down to 0 along half a cosine. auto: constant; cosine where rows are
        held back without being asked for (see --validation), with adam or adamw and neither --learning-rate nor
        --parametrization ntp. Default: auto. Values: auto; constant, step, step:FACTOR@PLACE,PLACE, cosine, one-cycle,
        coslog4, flat-cosine.
    warm_up: The first part of the updates, in which the rate rises from 0; the schedule fills the rest. Default: 0.
        Values: a number from 0 to less than 1.
    clip_norm: A gradient, of all parameters together and with the part of --l2, that is longer than this is shortened
        to it. Default: none. Values: a number greater than 0; none.
    momentum: momentum, nesterov: the beta of v = beta v + (1 - beta) dW, W = W - rate v; nesterov steps by beta v + (1
        - beta) dW, as if the next gradient were this one again. Default: 0.9. Values: a number from 0 to less than 1.
    beta1: adam, adamw: how slowly the mean of the gradient follows. Default: 0.9. Values: a number from 0 to less than
        1.
    beta2: adam, adamw: how slowly the mean of its square follows. Default: 0.999. Values: a number from 0 to less than
        1.
    epsilon: adam, adamw: added to the root in the denominator. Default: 1e-08. Values: a number greater than 0.
    l2: Adds lambda/(2m) times the sum of the squared weights to the cost; biases are left out. Default: 0. Values: a
        number, at least 0.
    weight_decay: Draws the weights towards 0 beside the step that their gradient makes, and not through it: W = W -
        rate (step + lambda W); all but the weights are left out, unless weights:0.01,biases:0.001 says so (the kinds
        are those of --rate-factor). auto: 0.01 for adamw, else 0; with the hidden layers of --recipe plain its own.
        Default: auto. Values: auto; a number, at least 0, or one for each kind, separated by commas: weights, biases,
        slopes, numbers, levels, scales.
    decay_schedule: How the decay goes, beside what it takes from the rate: as --schedule. Default: constant. Values:
        constant, step, step:FACTOR@PLACE,PLACE, cosine, one-cycle, coslog4, flat-cosine.
    dropout_schedule: How the rates of --dropout go: as --schedule. Default: constant. Values: constant, step,
        step:FACTOR@PLACE,PLACE, cosine, one-cycle, coslog4, flat-cosine.
    batch_size: Examples for each update. full: all of them. The last, shorter batch is used too, unless --last-batch
        says otherwise. Default: 32. Values: a whole number, at least 1; full.
    last_batch: The examples of an epoch that do not fill a batch of --batch-size. drop: left out, other ones in each
        epoch; fewer rows than a batch are one all the same. Default: keep. Values: keep, drop.
    iterations: Updates in all; instead of --epochs. Default: not set. Values: a whole number, at least 1.
    epochs: Passes over the training rows; instead of --iterations. When neither is given: 100 epochs; with a
        --schedule of cosine, one-cycle or flat-cosine as many as pass 500,000 rows through the network, from 10 to 30;
        with coslog4 256. Default: not set. Values: a whole number, at least 1.
    patience: Stop when the validation loss (or what --monitor names) has not become better for so many epochs, and
        keep the weights of the best epoch; of epochs that do equally well, those of the last (with --min-delta the
        first). auto: 20 where rows are held back without being asked for (see --validation), 10 with the cosine of
        --schedule auto, 20 with --monitor and with --folds, else none. Default: auto. Values: auto; none; a whole
        number, at least 1.
    monitor: Which figure of the rows held back says how good an epoch is, for --patience. A task has some of these:
        see docs/metrics.md. task: roc-auc for two classes, log-loss for more; for numbers rmse with the squared error
        of one target, else the loss. Default: loss. Values: task, loss, accuracy, balanced-accuracy, f1, mcc, roc-auc,
        pr-auc, log-loss, brier, rmse, mae, r2, mape, pinball.
    min_delta: An epoch is better than the best so far only where it is by more than this; of epochs that do equally
        well the first is kept then. Default: 0. Values: a number, at least 0.
    metrics: Figures to measure beside the usual ones, with commas between: after every epoch on the rows held back, or
        on those trained on where none are, and on both at the end. Default: not set. Values: loss, accuracy,
        balanced-accuracy, f1, mcc, roc-auc, pr-auc, log-loss, brier, rmse, mae, r2, mape, pinball.
    tol: Stop when the mean cost of an epoch has not fallen by more than this below the lowest one for so many epochs
        as --tol-epochs says. Default: none. Values: none; a number, at least 0.
    tol_epochs: For how many epochs --tol waits for a lower cost. Default: 10. Values: a whole number, at least 1.
    threads: How many threads compute. auto: what the environment variable STRATA_THREADS says, else one for each CPU
        that the process and its container may use. The result does not depend on it. Default: auto. Values: a whole
        number from 1 to 1024; auto.
    time_limit: Train for at most so long, reading included; instead of --epochs. The first steps tell how many epochs
        fit, and the model remembers their number, so that the training can be repeated without a clock; it ends in
        time in any case. With a --schedule that ends at 0 (cosine, one-cycle, coslog4, flat-cosine) no more than the
        usual number of --epochs are taken, however many fit. Default: none. Values: none; a time such as 90s, 10min or
        1.5h.
    recipe: Begin with a named set of options: plain: A small network, trained in a second with what was chosen on open
        data (docs/decisions/0007-defaults; realmlp: RealMLP: numbers and categories are embedded, slopes and scales
        are learned, and the rate, the decay and the dropout have their schedules (Holzmüller, Grinsztajn and
        Steinwart, "Better by default", NeurIPS 2024); classic: The network of the notes: ReLU, then a sigmoid for a
        yes/no target; plain gradient descent over all examples at once; weights from 1/sqrt(n). None: the size of the
        table and its classes decide, or plain as soon as a parameter of the net or its training is given.
    hidden_layer_sizes: scikit-learn's name of hidden_layers.
    solver: 'adam', or 'sgd': optimizer='nesterov', or 'momentum' with nesterovs_momentum=False.
    alpha: scikit-learn's name of l2.
    learning_rate_init: scikit-learn's name of learning_rate.
    max_iter: scikit-learn's name of epochs.
    random_state: scikit-learn's name of seed; a RandomState draws one.
    beta_1: scikit-learn's name of beta1.
    beta_2: scikit-learn's name of beta2.
    nesterovs_momentum: With solver='sgd'; None: yes.
    early_stopping: True: validation_fraction of the rows is held back, and the epoch that does best on it is kept
        (validation and patience). False: all rows are trained on.
    validation_fraction: With early_stopping; None: 0.1.
    n_iter_no_change: Epochs without a better one after which the training stops: with early_stopping (None: 10)
        patience, else tol_epochs, with tol=1e-4 where none is given.
    n_jobs: Threads; None: as STRATA_THREADS says, else all, and one inside joblib's workers.
    importance_repeats: So many permutations of each feature measure feature_importances_; None: none.
    data_name: What the record of the model calls the data.
    warm_start: fit goes on from the model that is there.
    verbose: Tells what was chosen and, on a terminal or in a notebook, how far the training is."""


class ClassifierParameters(_Parameters):
    __doc__ = f"""What a StrataClassifier takes.

    A parameter that is None is not set, and has its default.

    class_weights: How much the rows of each class count: a:1,b:5 (a class that is not named: 1), or balanced, so that
        all classes count alike. Multiplies what --weight-column says, for the rows that are trained on: those held
        back are measured as evaluate does. Default: none. Values: none; balanced; classes and numbers greater than 0,
        such as a:1,b:5.
    calibrate: temperature: the probabilities of a bag become as sure as they are right on the rows of the folds, by
        one number for all of them. Default: none. Values: none, temperature.
    label_smoothing: The cross-entropies: the right class is to have the probability 1 - E + E/K and each other E/K (K
        classes, 2 for each yes/no question), so that no output needs to grow for ever. auto: 0.1 where --monitor is
        accuracy, balanced-accuracy, f1 or mcc, else 0. Default: 0. Values: auto; a number from 0 to less than 1.
    class_weight: scikit-learn's name of class_weights: a dict of labels and weights, or 'balanced'.
{_OF_BOTH}
    """

    def __init__(
        self,
        *,
        inputs: Any = None,
        scale: Any = None,
        impute: Any = None,
        one_hot_limit: Any = None,
        embedding_size: Any = None,
        numeric_embedding: Any = None,
        missing_target: Any = None,
        weight_column: Any = None,
        class_weights: Any = None,
        validation: Any = None,
        validation_column: Any = None,
        folds: Any = None,
        select: Any = None,
        calibrate: Any = None,
        group_column: Any = None,
        time_column: Any = None,
        decimal: Any = None,
        missing: Any = None,
        numeric: Any = None,
        categorical: Any = None,
        date: Any = None,
        ignore: Any = None,
        date_order: Any = None,
        bad_cells: Any = None,
        hidden_layers: Any = None,
        activation: Any = None,
        slopes: Any = None,
        input_scale: Any = None,
        dropout: Any = None,
        loss: Any = None,
        label_smoothing: Any = None,
        initializer: Any = None,
        random: Any = None,
        seed: Any = None,
        members: Any = None,
        precision: Any = None,
        optimizer: Any = None,
        learning_rate: Any = None,
        rate_factor: Any = None,
        parametrization: Any = None,
        schedule: Any = None,
        warm_up: Any = None,
        clip_norm: Any = None,
        momentum: Any = None,
        beta1: Any = None,
        beta2: Any = None,
        epsilon: Any = None,
        l2: Any = None,
        weight_decay: Any = None,
        decay_schedule: Any = None,
        dropout_schedule: Any = None,
        batch_size: Any = None,
        last_batch: Any = None,
        iterations: Any = None,
        epochs: Any = None,
        patience: Any = None,
        monitor: Any = None,
        min_delta: Any = None,
        metrics: Any = None,
        tol: Any = None,
        tol_epochs: Any = None,
        threads: Any = None,
        time_limit: Any = None,
        recipe: str | None = None,
        hidden_layer_sizes: Any = None,
        solver: str | None = None,
        alpha: float | None = None,
        learning_rate_init: float | None = None,
        max_iter: int | None = None,
        random_state: Any = None,
        beta_1: float | None = None,
        beta_2: float | None = None,
        nesterovs_momentum: bool | None = None,
        early_stopping: bool | None = None,
        validation_fraction: float | None = None,
        n_iter_no_change: int | None = None,
        class_weight: Any = None,
        n_jobs: int | None = None,
        importance_repeats: int | None = None,
        data_name: str | None = None,
        warm_start: bool = False,
        verbose: bool = False,
    ) -> None:
        self._set(locals())


class RegressorParameters(_Parameters):
    __doc__ = f"""What a StrataRegressor takes.

    A parameter that is None is not set, and has its default.

    scale_target: Regression: train on the target scaled to mean 0 and standard deviation 1. Costs are then of the
        scaled target; predictions stay in the units of the data. auto: standard where inputs and target are columns or
        with --parametrization ntp, none for other arrays. Default: auto. Values: auto, standard, none.
    clamp_target: Regression. training: a prediction below the least target of the training rows is that, and one above
        the largest is that one. Default: none. Values: none, training.
    huber_delta: huber: up to this error, in the units of the target, the square is minimised, beyond it the error
        itself. auto: 1.35 standard deviations of the target in the training rows. Default: auto. Values: auto; a
        number greater than 0.
    quantile: quantile: the share of the targets that is to lie below the prediction. auto: 0.5, the median. Default:
        auto. Values: auto; a number greater than 0 and less than 1.
{_OF_BOTH}
    """

    def __init__(
        self,
        *,
        inputs: Any = None,
        scale: Any = None,
        impute: Any = None,
        one_hot_limit: Any = None,
        embedding_size: Any = None,
        numeric_embedding: Any = None,
        missing_target: Any = None,
        weight_column: Any = None,
        scale_target: Any = None,
        clamp_target: Any = None,
        validation: Any = None,
        validation_column: Any = None,
        folds: Any = None,
        select: Any = None,
        group_column: Any = None,
        time_column: Any = None,
        decimal: Any = None,
        missing: Any = None,
        numeric: Any = None,
        categorical: Any = None,
        date: Any = None,
        ignore: Any = None,
        date_order: Any = None,
        bad_cells: Any = None,
        hidden_layers: Any = None,
        activation: Any = None,
        slopes: Any = None,
        input_scale: Any = None,
        dropout: Any = None,
        loss: Any = None,
        huber_delta: Any = None,
        quantile: Any = None,
        initializer: Any = None,
        random: Any = None,
        seed: Any = None,
        members: Any = None,
        precision: Any = None,
        optimizer: Any = None,
        learning_rate: Any = None,
        rate_factor: Any = None,
        parametrization: Any = None,
        schedule: Any = None,
        warm_up: Any = None,
        clip_norm: Any = None,
        momentum: Any = None,
        beta1: Any = None,
        beta2: Any = None,
        epsilon: Any = None,
        l2: Any = None,
        weight_decay: Any = None,
        decay_schedule: Any = None,
        dropout_schedule: Any = None,
        batch_size: Any = None,
        last_batch: Any = None,
        iterations: Any = None,
        epochs: Any = None,
        patience: Any = None,
        monitor: Any = None,
        min_delta: Any = None,
        metrics: Any = None,
        tol: Any = None,
        tol_epochs: Any = None,
        threads: Any = None,
        time_limit: Any = None,
        recipe: str | None = None,
        hidden_layer_sizes: Any = None,
        solver: str | None = None,
        alpha: float | None = None,
        learning_rate_init: float | None = None,
        max_iter: int | None = None,
        random_state: Any = None,
        beta_1: float | None = None,
        beta_2: float | None = None,
        nesterovs_momentum: bool | None = None,
        early_stopping: bool | None = None,
        validation_fraction: float | None = None,
        n_iter_no_change: int | None = None,
        n_jobs: int | None = None,
        importance_repeats: int | None = None,
        data_name: str | None = None,
        warm_start: bool = False,
        verbose: bool = False,
    ) -> None:
        self._set(locals())
