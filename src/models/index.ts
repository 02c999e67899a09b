export { AlexNet, type AlexNetOptions, alexNetDefaults } from './alexnet.js';
export {
  buildModel,
  type ModelName,
  type ModelOptions,
  modelNames,
  modelOf,
  resolveModel,
} from './build.js';
export { ConvNet, type ConvNetOptions, convNetDefaults, convNetDepth } from './convnet.js';
export { ConvNext, type ConvNextOptions, convNextDefaults } from './convnext.js';
export { DenseNet, type DenseNetOptions, denseNetDefaults } from './densenet.js';
export { knownWeakness } from './known-weaknesses.js';
export { LeNet, type LeNetOptions, leNetDefaults } from './lenet.js';
export { Mlp, type MlpOptions, mlpDefaults } from './mlp.js';
export { ImageModel } from './model.js';
export {
  ResNet,
  ResNetAp,
  type ResNetOptions,
  type ResNetStem,
  resNetDefaults,
  resNetDepths,
  resNetStems,
} from './resnet.js';
export { Vgg, type VggOptions, vggDefaults, vggDepths } from './vgg.js';
